import { combineLatest, type Observable, tap } from 'rxjs';
import { addressOf } from './chosen.ts';
import { element } from './elements.ts';
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
  const items = new Map<string, ListItem>();
  return combineLatest([notes$, chosen$]).pipe(
    tap(([notes, chosen]) => {
      count.textContent = notes.length === 1 ? '1 note' : `${notes.length || 'No'} notes`;
      const focused = document.activeElement;
      place(
        list,
        notes.map((note) => itemOf(items, note, chosen)),
      );
      const listed = new Set(notes.map(({ id }) => id));
      for (const id of items.keys()) if (!listed.has(id)) items.delete(id);
      // It does not get lost when its item moves.
      if (focused instanceof HTMLElement && list.contains(focused)) focused.focus({ preventScroll: true });
    }),
  );
}

/** A note in the list, which keeps its element for as long as it is there. */
interface ListItem {
  readonly element: HTMLLIElement;
  readonly link: HTMLAnchorElement;
  rev?: string;
}

function itemOf(items: Map<string, ListItem>, note: Note, chosen: string | undefined): HTMLLIElement {
  const item = items.get(note.id) ?? newItem(note.id);
  items.set(note.id, item);
  item.link.ariaCurrent = note.id === chosen ? 'page' : null;
  if (item.rev !== note.rev) {
    item.link.replaceChildren(element('strong', {}, note.title), element('small', {}, note.text.slice(0, 80)));
    item.rev = note.rev;
  }
  return item.element;
}

function newItem(id: string): ListItem {
  const link = element('a', { href: addressOf(id) });
  return { element: element('li', {}, link), link };
}

/** Makes these the elements of a list, and touches none that is in its place. */
function place(list: HTMLUListElement, wanted: readonly Element[]): void {
  const kept = new Set(wanted);
  for (const there of [...list.children]) if (!kept.has(there)) there.remove();
  let next = list.firstElementChild;
  for (const item of wanted) {
    if (item === next) next = next.nextElementSibling;
    else list.insertBefore(item, next);
  }
}
