/**
 * Notes that are there without a network: the page of a small offline-first app.
 *
 * A worker pulls the notes with their pictures into IndexedDB (`../pull-worker.ts`). Everything that is shown is read from there, live:
 * a list that is searched while one types (`list.ts`, `search.ts`), a note with its pictures (`note-view.ts`, `pictures.ts`), and how
 * the pull stands (`status-line.ts`). A service worker keeps the page itself (`../service-worker.ts`). Of all the tabs that are open,
 * the worker of one pulls; the others show how it stands.
 *
 * `npm run demo:notes` serves it, with a CouchDB-protocol server beside it.
 *
 * @module
 */
import { openReplica } from 'couchtide';
import { indexedDbKv } from 'couchtide/indexeddb';
import { pullInWorker } from 'couchtide/worker';
import { merge } from 'rxjs';
import { chosen$ } from './chosen.ts';
import { partOf } from './elements.ts';
import { keepPage } from './keep-page.ts';
import { showList } from './list.ts';
import { notesIn } from './note.ts';
import { showNote } from './note-view.ts';
import { reasonOf } from './reason.ts';
import { found, typedIn } from './search.ts';
import { showStatus } from './status-line.ts';

const status = partOf('status', HTMLOutputElement);

keepPage(partOf('newer', HTMLButtonElement)).catch(console.warn);
run().catch((error: unknown) => {
  status.textContent = `The notes cannot be shown: ${reasonOf(error)}. Reload the page to try again`;
});

/** Shows the notes for as long as the page is there. */
async function run(): Promise<void> {
  const worker = new Worker(new URL('./pull-worker.js', import.meta.url), { type: 'module' });
  const source = document.body.dataset['source'] ?? '';
  // Somebody is looking: a server that is gone is asked for again every second at the latest.
  const retry = { attempts: Number.POSITIVE_INFINITY, cap: 1000 };
  const running = pullInWorker(worker, source, { store: 'notes', mode: 'continuous', retry });

  const replica = await openReplica(await indexedDbKv('notes'), 'notes');
  const notes$ = found(notesIn(replica), typedIn(partOf('typed', HTMLInputElement)));
  const list = { list: partOf('list', HTMLUListElement), count: partOf('found', HTMLOutputElement) };
  await merge(
    // First the note, which a phone shows in place of the list: nothing that is hidden takes the focus.
    showNote(partOf('note', HTMLElement), replica, chosen$),
    showList(list, notes$, chosen$),
    showStatus({ status, hold: partOf('hold', HTMLButtonElement) }, running),
  ).forEach(() => {});
}
