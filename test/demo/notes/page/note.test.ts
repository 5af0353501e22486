import { expect, test } from 'vitest';
import { parseNote } from '../../../../demo/notes/page/note.ts';

const PLACE = { _id: 'note-1', _rev: '1-a' };

test('parseNote reads a note, and of its attachments those that are pictures', () => {
  const written = '2026-05-01T06:00:00.000Z';
  const _attachments = {
    'lake.jpg': { content_type: 'image/jpeg', digest: 'md5-a', length: 3, revpos: 1, stub: true },
    'page.html': { content_type: 'text/html', digest: 'md5-b', length: 3, revpos: 1, stub: true },
  };
  expect(parseNote({ ...PLACE, title: 'The lake', text: 'A heron', written, _attachments })).toEqual({
    id: 'note-1',
    rev: '1-a',
    title: 'The lake',
    text: 'A heron',
    written: Date.parse(written),
    pictures: [{ name: 'lake.jpg', digest: 'md5-a' }],
  });
});

test.each([
  [{}],
  [{ title: 1, text: 2, written: 3e99 }],
  [{ title: {}, text: [], written: {} }],
  [{ title: '  ', text: null, written: 'yesterday' }],
])('parseNote takes what is no note for an empty one: %j', (members) => {
  expect(parseNote({ ...PLACE, ...members })).toEqual({
    id: 'note-1',
    rev: '1-a',
    title: 'Untitled',
    text: '',
    written: 0,
    pictures: [],
  });
});
