import { spawn } from 'node:child_process';
import { on, once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type BrowserName, commandOf } from './browsers.ts';
import { type BrowserProcess, killAll, processesWith } from './processes.ts';

/** A page in a browser of its own that nobody drives: what drives a browser keeps what its pages receive. */
export interface Undriven {
  /** What the page tells next. Until it is asked again, the page waits. */
  next(): Promise<string>;
  processes(): Promise<BrowserProcess[]>;
  close(): Promise<void>;
}

/** Opens a page. By `&ear=<url>` at the end of its address it learns where to `POST` what it has to tell. */
export async function startUndriven(name: BrowserName, url: string): Promise<Undriven> {
  const ear = createServer();
  const calls = on(ear, 'request');
  ear.listen(0, '127.0.0.1');
  await once(ear, 'listening');
  const earUrl = `http://127.0.0.1:${(ear.address() as AddressInfo).port}/`;
  const profile = await mkdtemp(join(tmpdir(), 'couchtide-profile-'));
  const browser = spawn(...commandOf(name, profile, `${url}&ear=${encodeURIComponent(earUrl)}`), { stdio: 'ignore' });
  const processes = (): Promise<BrowserProcess[]> => processesWith(profile);
  let heard: ServerResponse | undefined;
  return {
    async next() {
      heard?.end();
      const { value } = await calls.next();
      const [request, response] = value as [IncomingMessage, ServerResponse];
      heard = response;
      return text(request);
    },
    processes,
    async close() {
      for (let left = await processes(); left.length > 0; left = await processes()) killAll(left);
      if (browser.exitCode === null && browser.signalCode === null) await once(browser, 'exit');
      ear.closeAllConnections();
      ear.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
