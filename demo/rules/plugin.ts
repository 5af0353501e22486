import { fileURLToPath } from 'node:url';
import { fromFile } from '../../adapters/fs/index.ts';
import { type FindRule, findRules, type Plugin } from '../../src/index.ts';

/** A plugin that contributes the rules of a file to what scans look for, and follows what becomes of it. */
export function rulesOf(file: string): Plugin {
  return {
    name: 'rules-of-a-file',
    setup(registry) {
      registry.contribute(findRules, fromFile<string, FindRule>(file, { every: 200 }));
    },
  };
}

/** As a module of its own, for `couchtide scan --plugin ./demo/rules/plugin.ts`, and every other command. */
export const plugin = rulesOf(fileURLToPath(new URL('./rules.json', import.meta.url)));
