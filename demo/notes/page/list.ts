import { combineLatest, type Observable, tap } from 'rxjs';
import { addressOf } from './chosen.ts';
import { element, say } from './elements.ts';
import type { Note } from './note.ts';

/** Where the list is shown. */
export interface ListParts {
  readonly list: HTMLUListElement;
  readonly count: HTMLOutputElement;
}

/** Shows a list of notes, and which of them is chosen, while it is subscribed to. */
export function showList(
  { list, count }: ListParts,
  notes$: Observable<readonly Note[]>,
  chosen$: Observable<string | undefined>,
): Observable<unknown> {
  let items: ReadonlyMap<string, ListItem> = new Map();
  let read: string | undefined;
  return combineLatest([notes$, chosen$]).pipe(
    tap(([notes, chosen]) => {
      say(count, notes.length === 1 ? '1 note' : `${notes.length || 'No'} notes`);
      const focused = document.activeElement;
      items = new Map(notes.map((note) => [note.id, filled(items.get(note.id) ?? newItem(note.id), note, chosen)]));
      place(list, items.values());
      // It would be lost when its item moves.
      if (focused instanceof HTMLElement && list.contains(focused)) focused.focus({ preventScroll: true });
      // Whoever comes back from a note goes on where it is in the list.
      if (chosen === undefined && read !== undefined) items.get(read)?.link.focus();
      read = chosen;
    }),
  );
}

/** A note in the list, which keeps its element for as long as it is there. */
interface ListItem {
  readonly element: HTMLLIElement;
  readonly link: HTMLAnchorElement;
  rev?: string;
}

function filled(item: ListItem, { id, rev, title, text }: Note, chosen: string | undefined): ListItem {
  item.link.ariaCurrent = id === chosen ? 'page' : null;
  if (item.rev !== rev)
    item.link.replaceChildren(element('strong', {}, title), element('small', {}, text.slice(0, 80)));
  item.rev = rev;
  return item;
}

function newItem(id: string): ListItem {
  const link = element('a', { href: addressOf(id) });
  return { element: element('li', {}, link), link };
}

/** Puts items into a list in this order, and touches none that is in its place. */
function place(list: HTMLUListElement, items: Iterable<ListItem>): void {
  const kept = new Set<Element>(Array.from(items, ({ element }) => element));
  for (const there of [...list.children]) if (!kept.has(there)) there.remove();
  let next = list.firstElementChild;
  for (const item of kept) {
    if (item === next) next = next.nextElementSibling;
    else list.insertBefore(item, next);
  }
}
