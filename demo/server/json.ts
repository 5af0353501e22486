/**
 * JSON as CouchDB reads and prints it: integers of any length stay as they are, decimals become the shortest text of
 * their double, members keep their order, of a repeated member the last value stands in the place of the first.
 *
 * @module
 */

/** A JSON value that loses nothing. */
export type JsonValue = null | boolean | string | JsonNumber | JsonValue[] | JsonObject;

/** An object, its members in order; never touched by a prototype. */
export type JsonObject = Map<string, JsonValue>;

/** A number by the text it is printed with. */
export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}
