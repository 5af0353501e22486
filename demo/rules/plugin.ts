import { fileURLToPath } from 'node:url';
import { fromFile } from '../../adapters/fs/index.ts';
import { defineData, type Plugin } from '../../src/index.ts';

/** What a scan looks for: a name, and the pattern behind it, as a text. */
export interface Rule {
  readonly pattern: string;
}

/** The rules that everybody contributes, by name. */
export const rules = defineData<string, Rule>('scan/rules');

/** A plugin that contributes the rules of a file, and follows what becomes of it. */
export function rulesOf(file: string): Plugin {
  return {
    name: 'rules-of-a-file',
    setup(registry) {
      registry.contribute(rules, fromFile<string, Rule>(file, { every: 200 }));
    },
  };
}

/** As a module of its own, for `couchtide plugins --plugin ./demo/rules/plugin.ts`. */
export const plugin = rulesOf(fileURLToPath(new URL('./rules.json', import.meta.url)));
