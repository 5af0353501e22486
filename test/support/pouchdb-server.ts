import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** express-pouchdb over PouchDB in memory, in a process of its own: a server by other hands than CouchDB's and ours. */
export async function startPouchDbServer(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const script = fileURLToPath(new URL('./pouchdb-server-process.js', import.meta.url));
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const line = await Promise.race([
    once(createInterface(child.stdout), 'line').then(([first]) => String(first)),
    exited.then(() => {
      throw new Error('express-pouchdb ended before it listened');
    }),
  ]);
  return {
    url: line,
    async close() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
