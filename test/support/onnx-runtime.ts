import { isOnnxRuntimeInstalled, openOnnxRuntime } from '../../src/model/engines/onnxruntime.js';

/** Whether tests can run ONNX files; says aloud what is not tested where they cannot. */
export function hasOnnxRuntime(what: string): boolean {
  if (isOnnxRuntimeInstalled()) return true;
  console.warn(
    `SKIPPED: ${what}; install onnxruntime-node, or name a folder that has it in FERSTREAM_NATIVE_DIR (docs/engines.md)`,
  );
  return false;
}

/** Runs an ONNX file once. @returns outputs by name */
export async function runOnnx(
  file: Uint8Array,
  feeds: Readonly<Record<string, readonly [Float32Array, readonly number[]]>>,
): Promise<Record<string, Float32Array>> {
  const runtime = openOnnxRuntime('onnxruntime', { threads: 1 });
  const session = await runtime.createSession(file);
  try {
    const inputs = Object.entries(feeds).map(([name, [data, shape]]) => [name, runtime.tensor(data, shape)] as const);
    const results = await session.run(Object.fromEntries(inputs));
    return Object.fromEntries(session.outputNames.map((name) => [name, results[name]!.data as Float32Array]));
  } finally {
    await session.release();
  }
}
