import { describe, expect, test } from 'vitest';
import type { Note } from '../../../../demo/notes/page/note.ts';
import { matcher } from '../../../../demo/notes/page/search.ts';

describe('matcher', () => {
  test.each([
    ['', true],
    ['   ', true],
    ['midi', true],
    ['MIDI crete', true],
    ['Crête', true],
    ['rêTe heron', true],
    [' heron ', true],
    ['crete harbour', false],
    ['midiheron', false],
    ['(', false],
    ['50%', true],
  ])('%j', (typed, isFound) => {
    expect(matcher(typed)(note({ title: 'Crête du Midi', text: '50% cloud\nA heron' }))).toBe(isFound);
  });

  test('finds accents however they are written', () => {
    expect(matcher('cre\u0302te')(note({ title: 'Cr\u00eate' }))).toBe(true);
  });
});

function note(said: Partial<Note>): Note {
  return { id: 'note-1', rev: '1-a', title: '', text: '', written: 0, pictures: [], ...said };
}
