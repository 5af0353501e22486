import type { Replica } from 'couchtide';
import { defer, distinctUntilChanged, map, type Observable, switchMap, tap } from 'rxjs';
import { element } from './elements.ts';
import { type Note, parseNote } from './note.ts';
import { showPictures } from './pictures.ts';

const WHEN = new Intl.DateTimeFormat(undefined, { dateStyle: 'long' });

/** Shows the note that is chosen as it is at any time, while it is subscribed to. */
export function showNote(
  article: HTMLElement,
  replica: Replica,
  chosen$: Observable<string | undefined>,
): Observable<unknown> {
  return chosen$.pipe(
    tap((id) => {
      article.hidden = id === undefined;
      article.scrollTop = 0;
      // On a phone the list is gone now, and what had the focus with it.
      if (!article.hidden && document.activeElement?.checkVisibility() === false) article.focus();
    }),
    switchMap((id) => (id === undefined ? [] : showDocument(article, replica, id))),
  );
}

function showDocument(article: HTMLElement, replica: Replica, id: string): Observable<unknown> {
  return defer(() => {
    const [content, pictures] = [element('div'), element('div')];
    // It stays, and so does the focus that it may have, while the note changes.
    article.replaceChildren(element('a', { className: 'back', href: '#' }, 'All notes'), content);
    return replica.doc$(id).pipe(
      map((doc) => (doc === undefined ? undefined : parseNote(doc))),
      tap((note) => {
        content.replaceChildren(...(note === undefined ? ['There is no such note'] : [...partsOf(note), pictures]));
      }),
      // Pictures that stay the same are left alone.
      distinctUntilChanged((before, now) => JSON.stringify(before?.pictures) === JSON.stringify(now?.pictures)),
      switchMap((note) => (note === undefined ? [] : showPictures(pictures, replica, note))),
    );
  });
}

function partsOf({ title, text, written }: Note): HTMLElement[] {
  const when = new Date(written);
  return [
    element('h2', {}, title),
    ...(written === 0 ? [] : [element('time', { dateTime: when.toISOString() }, WHEN.format(when))]),
    element('p', { className: 'text' }, text),
  ];
}
