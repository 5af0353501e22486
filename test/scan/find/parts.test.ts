import { build } from 'esbuild';
import { expect, test } from 'vitest';

/** The packages in what is loaded with a file, and in what it may load later. */
async function packagesOf(file: string): Promise<{ readonly first: string[]; readonly later: string[] }> {
  const { metafile } = await build({
    entryPoints: [file],
    bundle: true,
    splitting: true,
    format: 'esm',
    outdir: 'unwritten',
    write: false,
    metafile: true,
  });
  const packagesIn = (outputs: readonly string[]): string[] => {
    const inputs = outputs.flatMap((output) => Object.keys(metafile.outputs[output]?.inputs ?? {}));
    return [...new Set(inputs.flatMap((input) => /^node_modules\/([^/]+)/.exec(input)?.[1] ?? []))].sort();
  };
  const first = new Set(
    Object.keys(metafile.outputs).filter((output) => metafile.outputs[output]?.entryPoint === file),
  );
  expect(first.size).toBe(1);
  for (const output of first) {
    for (const { path, kind } of metafile.outputs[output]?.imports ?? [])
      if (kind === 'import-statement') first.add(path);
  }
  const later = Object.keys(metafile.outputs).filter((output) => !first.has(output));
  return { first: packagesIn([...first]), later: packagesIn(later) };
}

test('the linear engine is loaded when it is needed, and not before', async () => {
  const { first, later } = await packagesOf('src/scan/find/find.ts');
  expect(first).toEqual([]);
  expect(later).toEqual(['re2js']);
});

test('what reads TOML is loaded when it is needed, and not before', async () => {
  const { first, later } = await packagesOf('src/scan/find/rules/parse-rules.ts');
  expect(first).toEqual([]);
  expect(later).toEqual(['smol-toml']);
});
