import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  encodeDocumentId,
  encodeSegment,
  hideCredentials,
  parseAddress,
  parseDatabaseAddress,
} from '../../../src/couch/request/address.ts';

describe('parseAddress', () => {
  test.each([
    ['http://h:5984', 'http://h:5984'],
    ['http://h:5984/', 'http://h:5984'],
    ['https://H/couch/', 'https://h/couch'],
    ['http://[::1]:5984/a', 'http://[::1]:5984/a'],
  ])('reads %s', (text, url) => {
    expect(parseAddress(text)).toEqual({ url });
  });

  test('takes credentials out, percent-decoded', () => {
    expect(parseAddress('http://us%40er:p%40ss%3A%25@h/db')).toEqual({
      url: 'http://h/db',
      credentials: { username: 'us@er', password: 'p@ss:%' },
    });
  });

  test.each(['', 'nonsense', '/db', 'ftp://h/db', 'h:5984/db', 'http://', 'http://h/db?x=1', 'http://h/db#x'])(
    'refuses %j',
    (text) => {
      expect(() => parseAddress(text)).toThrow(expect.objectContaining({ name: 'InputError' }));
    },
  );

  test.each(['http://u:secret@h/db?q=1', 'ftp://u:secret@h/db', 'u:secret@h/db', 'http://u:secret@h:99999/db'])(
    'shows no password when it refuses %s',
    (text) => {
      expect(() => parseAddress(text)).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining('secret') }),
      );
    },
  );
});

describe('parseDatabaseAddress', () => {
  test.each([
    ['http://h/recipes', 'http://h', 'http://h/recipes', 'recipes'],
    ['http://h/proxy/couch/recipes/', 'http://h/proxy/couch', 'http://h/proxy/couch/recipes', 'recipes'],
    ['http://h/a%2Fb+c', 'http://h', 'http://h/a%2Fb%2Bc', 'a/b+c'],
    ['http://[::1]:5984/couch/My/Db', 'http://[::1]:5984/couch/My', 'http://[::1]:5984/couch/My/Db', 'Db'],
    ['http://H:80/Up%2Fper', 'http://h', 'http://h/Up%2Fper', 'Up/per'],
    ['http://h/$x(1)', 'http://h', 'http://h/%24x(1)', '$x(1)'],
    ['http://h/größe', 'http://h', 'http://h/gr%C3%B6%C3%9Fe', 'größe'],
    ['http://h/100%', 'http://h', 'http://h/100%25', '100%'],
  ])('reads %s', (text, server, url, name) => {
    expect(parseDatabaseAddress(text)).toEqual({ server, url, name });
  });

  test.each(['http://h', 'http://h/'])('refuses %s, which names none', (text) => {
    expect(() => parseDatabaseAddress(text)).toThrow('names no database');
  });
});

describe('encodeDocumentId', () => {
  test('keeps the slash of special documents and escapes all else', () => {
    expect(encodeDocumentId('_design/a/b é')).toBe('_design/a%2Fb%20%C3%A9');
    expect(encodeDocumentId('_local/x+y')).toBe('_local/x%2By');
    expect(encodeDocumentId('4/5')).toBe('4%2F5');
    expect(encodeDocumentId('_design')).toBe('_design');
  });

  test.each(['', '.', '..', '\ud800', 'a\udfffb', '_design/..'])('refuses %j, which no url can carry', (id) => {
    expect(() => encodeDocumentId(id)).toThrow(expect.objectContaining({ name: 'InputError' }));
  });

  test('makes one segment of every other id, from which a server reads it again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (id) => {
        fc.pre(id !== '.' && id !== '..' && !/\p{Surrogate}/u.test(id));
        const { pathname } = new URL(`http://h/db/${encodeSegment(id)}`);
        const [, database, segment = '', ...more] = pathname.split('/');
        expect([database, decodeURIComponent(segment), more]).toEqual(['db', id, []]);
        expect(segment).not.toContain('+');
      }),
    );
  });
});

describe('hideCredentials', () => {
  test.each([
    ['http://u:p@h/db', 'http://h/db'],
    ['u:p@h', 'h'],
    ['http://u:p@ss@h/db@x', 'http://h/db@x'],
    ['http://h/a@b', 'http://h/a@b'],
  ])('%s is shown as %s', (text, shown) => {
    expect(hideCredentials(text)).toBe(shown);
  });
});
