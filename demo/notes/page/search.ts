import { combineLatest, fromEvent, map, type Observable, startWith } from 'rxjs';
import type { Note } from './note.ts';

/** What stands in a field, now and whenever that changes. */
export function typedIn(field: HTMLInputElement): Observable<string> {
  return fromEvent(field, 'input').pipe(
    startWith(undefined),
    map(() => field.value),
  );
}

/** The notes that have what is typed. */
export function found(notes$: Observable<readonly Note[]>, typed$: Observable<string>): Observable<readonly Note[]> {
  return combineLatest([notes$, typed$]).pipe(map(([notes, typed]) => notes.filter(matcher(typed))));
}

/** Tells the notes that have every word, or its beginning or middle, anywhere, whatever the case and the accents. */
export function matcher(typed: string): (note: Note) => boolean {
  const words = plain(typed).split(/\s+/);
  return ({ title, text }) => {
    const content = plain(`${title}\n${text}`);
    return words.every((word) => content.includes(word));
  };
}

function plain(text: string): string {
  return text
    .normalize('NFD')
    .replaceAll(/\p{Mark}/gu, '')
    .toLowerCase();
}
