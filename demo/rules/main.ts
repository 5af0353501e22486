/**
 * `node demo/rules/main.ts [file]`: what a scan finds in a document by rules that a plugin brings from a file. Edit the file, break
 * it, mend it: the rules change while the program runs, and a file that cannot be understood leaves those that were there.
 */
import process from 'node:process';
import { switchMap } from 'rxjs';
import { couch, createRegistry, type Finding, find, findRules, scan } from '../../src/index.ts';
import { startServer } from '../server/index.ts';
import { plugin, rulesOf } from './plugin.ts';

const DOCUMENT = {
  _id: 'deployment',
  steps: ['Deploy with AKIAIOSFODNN7EXAMPLE to https://admin:secret@db.example.org', 'Or call +49 30 123456'],
};

const [file] = process.argv.slice(2);
const say = (text: string): boolean => process.stdout.write(`${text}\n`);

const server = await startServer();
server.createDatabase('howtos').put(DOCUMENT);
const registry = createRegistry();
registry.errors$.subscribe(({ message }) => say(`The rules stay as they were: ${message}`));
registry.use(file === undefined ? plugin : rulesOf(file));
registry
  .data$(findRules)
  .pipe(switchMap(async (view) => `${view.keys().length} rules; found: ${await found(view.keys().length)}`))
  .subscribe(say);

// What is followed does not keep a program from ending; this one stays, with its server, until it is interrupted.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    registry.dispose();
    void server.close();
  });
}

/** What a scan finds with the rules that the registry holds now; there must be some for it to look for. */
async function found(rules: number): Promise<string> {
  const findings: Finding[] = [];
  if (rules > 0) {
    for await (const event of scan(couch.db(`${server.url}/howtos`), [find({ registry })])) {
      if (event.type === 'finding') findings.push(event);
    }
  }
  return (
    findings
      .map(({ tag, where }) => `${tag} at ${where}`)
      .sort()
      .join(', ') || 'nothing'
  );
}
