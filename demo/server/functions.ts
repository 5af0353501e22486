import vm from 'node:vm';

/** A function of a design document that was called and failed. */
export class FunctionError extends Error {
  override readonly name = 'FunctionError';
  /** What it threw, as plain data; absent when it was stopped. */
  readonly thrown: unknown;

  constructor(message: string, thrown?: unknown) {
    super(message);
    this.thrown = thrown;
  }
}

/**
 * A compiled function of a design document. It lives in a context of its own and only ever sees copies of its arguments,
 * which must be JSON.
 */
export interface DesignFunction {
  /**
   * @throws FunctionError when the function throws, or takes too long
   */
  call(...args: readonly unknown[]): unknown;
  /** Calls it as the map function of a view: gives what it emitted. */
  map(document: unknown): readonly (readonly [key: unknown, value: unknown])[];
}

/**
 * Compiles the text of a function.
 *
 * @throws FunctionError when it is no function
 */
export function compileFunction(source: string): DesignFunction {
  const context = vm.createContext(Object.create(null));
  let isFunction: unknown;
  try {
    vm.runInContext(PRELUDE, context);
    isFunction = vm.runInContext(`typeof (call.target = (${source}\n)) === 'function'`, context, {
      timeout: TIME_LIMIT,
    });
  } catch (error) {
    throw new FunctionError(`Expression does not eval to a function. (${source}) ${error}`);
  }
  if (isFunction !== true) throw new FunctionError(`Expression does not eval to a function. (${source})`);

  function run(args: readonly unknown[]): { value?: unknown; emitted: [unknown, unknown][] } {
    context['input'] = JSON.stringify(args);
    let output: unknown;
    try {
      output = CALL.runInContext(context, { timeout: TIME_LIMIT });
    } catch (error) {
      throw new FunctionError(`The function was stopped: ${error}`);
    }
    const result: unknown = JSON.parse(String(output));
    if (!isResult(result)) throw new FunctionError('The function gave something that is no JSON');
    if ('thrown' in result) throw new FunctionError('The function threw', result.thrown);
    return result;
  }

  return {
    call: (...args) => run(args).value,
    map: (document) => run([document]).emitted,
  };
}

/** How long one call may take, in milliseconds. */
const TIME_LIMIT = 1000;

const PRELUDE = `
  'use strict';
  let emitted = [];
  function emit(key, value) { emitted.push([key === undefined ? null : key, value === undefined ? null : value]); }
  function log() {}
  function toJSON(value) { return JSON.stringify(value); }
  function isArray(value) { return Array.isArray(value); }
  function sum(values) { return values.reduce((total, value) => total + value, 0); }
  function call(input) {
    emitted = [];
    try {
      return JSON.stringify({ value: call.target(...JSON.parse(input)), emitted });
    } catch (error) {
      return JSON.stringify({ thrown: error instanceof Error ? { error: error.name, reason: error.message } : error });
    }
  }
`;

const CALL = new vm.Script('call(input)');

function isResult(value: unknown): value is { value?: unknown; thrown?: unknown; emitted: [unknown, unknown][] } {
  return typeof value === 'object' && value !== null && ('thrown' in value || 'emitted' in value);
}
