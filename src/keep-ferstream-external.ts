// Bundlers for browsers resolve "ferstream" to this file.
throw new Error(
  'ferstream runs in Node, not in a browser: use ferstream/client there, and keep ferstream external in server bundles (Vite: ssr.external)',
);
