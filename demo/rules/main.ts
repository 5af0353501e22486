/**
 * `node demo/rules/main.ts [file]`: what a scan would find in a text by rules that a plugin brings from a file. Edit the file, break
 * it, mend it: the rules change while the program runs, and a file that cannot be understood leaves those that were there.
 */
import process from 'node:process';
import { createRegistry } from '../../src/index.ts';
import { plugin, rules, rulesOf } from './plugin.ts';

const TEXT = 'Deploy with AKIAIOSFODNN7EXAMPLE to https://admin:secret@db.example.org, or call +49 30 123456';

const [file] = process.argv.slice(2);
const say = (text: string): boolean => process.stdout.write(`${text}\n`);

const registry = createRegistry();
registry.errors$.subscribe(({ message }) => say(`The rules stay as they were: ${message}`));
registry.use(file === undefined ? plugin : rulesOf(file));
registry.data$(rules).subscribe((view) => {
  const found = view.byKey().filter(([, given]) => given.some(([, { pattern }]) => new RegExp(pattern).test(TEXT)));
  say(`${view.keys().length} rules; found: ${found.map(([name]) => name).join(', ') || 'nothing'}`);
});

// What is followed does not keep a program from ending; this one stays until it is interrupted.
const staying = setInterval(() => {}, 60_000);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    clearInterval(staying);
    registry.dispose();
  });
}
