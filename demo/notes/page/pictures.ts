import type { Replica } from 'couchtide';
import { catchError, defer, EMPTY, merge, Observable, switchMap, tap } from 'rxjs';
import { element } from './elements.ts';
import type { Note } from './note.ts';
import { reasonOf } from './reason.ts';

/** Shows the pictures of a note, each as soon as it is read, while it is subscribed to. */
export function showPictures(place: HTMLElement, replica: Replica, note: Note): Observable<unknown> {
  const figures = note.pictures.map(({ name }) => ({ name, figure: element('figure') }));
  place.replaceChildren(...figures.map(({ figure }) => figure));
  return merge(
    ...figures.map(({ name, figure }) =>
      pictureUrl(replica, note, name).pipe(
        tap((src) => figure.replaceChildren(element('img', { src, alt: name }))),
        catchError((error: unknown) => {
          // As where the pull leaves out what is large, or has not had it yet.
          figure.replaceChildren(`${name} cannot be shown: ${reasonOf(error)}`);
          return EMPTY;
        }),
      ),
    ),
  );
}

/** An address at which the page finds the content of an attachment, for as long as it is subscribed to. */
function pictureUrl(replica: Replica, { id, rev }: Note, name: string): Observable<string> {
  const content = defer(async () => {
    const attachment = await replica.attachment(id, name, { rev });
    if (attachment === undefined) throw new Error('It is not there any more');
    return attachment.blob();
  });
  return content.pipe(
    switchMap(
      (blob) =>
        new Observable<string>((subscriber) => {
          const url = URL.createObjectURL(blob);
          subscriber.next(url);
          return () => URL.revokeObjectURL(url);
        }),
    ),
  );
}
