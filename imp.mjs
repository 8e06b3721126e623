const t=performance.now(),c=process.cpuUsage();
if(process.argv[3]==='r'){const{createRequire}=await import('node:module');createRequire(import.meta.url)(process.argv[2]);}else await import(process.argv[2]);
const d=process.cpuUsage(c);console.log((performance.now()-t).toFixed(0),((d.user+d.system)/1000).toFixed(0));
