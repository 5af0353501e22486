import { PluginError } from '../../core/errors.ts';
import { isJsonObject } from '../../core/json-value.ts';

/** The callbacks of a plugin that take part in a scan, and how each may say that it goes on. */
export const legalAnswers = {
  start: ['ok', 'skip', 'reset', 'reschedule'],
  resume: ['ok', 'skip', 'reset', 'reschedule'],
  db: ['ok', 'skip', 'stop'],
  ddoc: ['ok', 'stop'],
  partitions: ['ok'],
  dbOpened: ['ok'],
  docId: ['ok', 'skip', 'stop'],
  docRevs: ['ok', 'skip', 'stop'],
  doc: ['ok', 'stop'],
  dbClosing: ['ok'],
  checkpoint: ['ok', 'stop', 'reset', 'reschedule'],
  complete: ['ok', 'reschedule'],
} as const;

/** The name of a callback. */
export type Callback = keyof typeof legalAnswers;

/** How a plugin says that it goes on. */
export type Go = 'ok' | 'skip' | 'stop' | 'reset' | 'reschedule';

/** The answer of a callback, of which only the form is known. */
export interface Answer {
  readonly go: Go;
  readonly [member: string]: unknown;
}

const NOTHING: Answer = { go: 'ok' };

/**
 * Looks at what a callback has answered.
 *
 * @throws PluginError naming plugin and callback, for what it must not answer
 */
export function checkAnswer(plugin: string, callback: Callback, answer: unknown): Answer {
  if (answer === undefined || answer === null) return NOTHING;
  const legal: readonly string[] = legalAnswers[callback];
  const go = isJsonObject(answer) ? (answer['go'] ?? 'ok') : undefined;
  if (!isJsonObject(answer) || typeof go !== 'string' || !legal.includes(go)) {
    throw illegal(
      plugin,
      callback,
      `answered ${shown(answer)}; legal are ${legal.map((word) => `"${word}"`).join(', ')}`,
    );
  }
  if (go === 'reschedule' && !(Number.isFinite(answer['at']) && Number(answer['at']) >= 0)) {
    throw illegal(plugin, callback, `answered "reschedule" without a time as its "at", in milliseconds since 1970`);
  }
  return { ...answer, go: go as Go };
}

/** What a plugin has done that it must not. */
export function illegal(plugin: string, callback: string, what: string): PluginError {
  return new PluginError(`The scan plugin ${JSON.stringify(plugin)} is wrong: its ${callback} ${what}`, {
    plugin,
    hook: callback,
  });
}

function shown(answer: unknown): string {
  const text = isJsonObject(answer) ? JSON.stringify(answer['go']) : typeof answer;
  return text ?? 'something else';
}
