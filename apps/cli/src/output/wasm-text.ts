/** Features of the modules that the JIT makes, beyond wabt's defaults: its memory is shared. */
const FEATURES = { threads: true, mutable_globals: true, bulk_memory: true, sign_extension: true };

/** A WebAssembly module in the text format (WAT), folded, line by line. */
export async function wasmText(module: Uint8Array): Promise<string[]> {
  const { default: loadWabt } = await import('wabt');
  const parsed = (await loadWabt()).readWasm(module, FEATURES);
  try {
    parsed.generateNames();
    parsed.applyNames();
    return parsed.toText({ foldExprs: true, inlineExport: false }).trimEnd().split('\n');
  } finally {
    parsed.destroy();
  }
}
