import type { JsonObject } from '../../core/json-value.ts';

/** The way to a place in a body, from the inside to the outside. */
export interface Step {
  readonly name: string;
  /** Which of an object's members it is, counted from 0; undefined in a list. */
  readonly position?: number;
  readonly up: Step | undefined;
}

/** A text in a body, with the place where it stands. */
export interface BodyString {
  readonly text: string;
  readonly step: Step;
  /** A key stands at the place of its value. */
  readonly at: 'key' | 'value';
  /** The name of the member whose value it is; undefined for keys and in lists. */
  readonly member?: string | undefined;
}

/** What is looked at besides texts. */
export interface BodyOptions {
  readonly numbers?: boolean;
}

/**
 * The keys and texts of a body, in their order, however deep they stand: no call for each level, as somebody may have written a
 * document that is deeper than there is stack.
 */
export function* bodyStrings(body: JsonObject, { numbers = false }: BodyOptions = {}): Generator<BodyString> {
  const open: Level[] = [levelOf(body, undefined)];
  for (let level = open.at(-1); level !== undefined; level = open.at(-1)) {
    const index = level.next;
    if (index === level.size) {
      open.pop();
      continue;
    }
    level.next = index + 1;
    const { names, up } = level;
    const member = names?.[index];
    const step: Step = member === undefined ? { name: String(index), up } : { name: member, position: index, up };
    const value = level.values[index];
    if (member !== undefined) yield { text: member, step, at: 'key' };
    if (typeof value === 'string') {
      yield { text: value, step, at: 'value', member };
    } else if (typeof value === 'number') {
      if (numbers) yield { text: String(value), step, at: 'value' };
    } else if (typeof value === 'object' && value !== null) {
      open.push(levelOf(value, step));
    }
  }
}

/**
 * All keys and texts of a body as one text, each between quotes. In no order.
 *
 * @example
 * ```ts
 * joinStrings({ nuts: ['almond', { also: 1 }] }); // '"nuts"also"almond"'
 * ```
 */
export function joinStrings(body: JsonObject, { numbers = false }: BodyOptions = {}): string {
  const texts: string[] = [''];
  const open: unknown[] = [body];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === 'string' || (numbers && typeof value === 'number')) {
      texts.push(String(value));
    } else if (Array.isArray(value)) {
      for (const element of value) open.push(element);
    } else if (typeof value === 'object' && value !== null) {
      for (const [name, member] of Object.entries(value)) {
        texts.push(name);
        open.push(member);
      }
    }
  }
  texts.push('');
  return texts.join('"');
}

interface Level {
  /** Undefined for a list. */
  readonly names: readonly string[] | undefined;
  readonly values: readonly unknown[];
  readonly size: number;
  readonly up: Step | undefined;
  next: number;
}

function levelOf(value: object, up: Step | undefined): Level {
  if (Array.isArray(value)) return { names: undefined, values: value, size: value.length, up, next: 0 };
  const names = Object.keys(value);
  return { names, values: Object.values(value), size: names.length, up, next: 0 };
}
