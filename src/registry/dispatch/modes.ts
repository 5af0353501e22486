import { DispatchError, InputError, type PluginError } from '../../core/errors.ts';
import type { Hook } from '../service.ts';
import { isVerdict, noDecision } from '../verdict.ts';
import type { CallOptions, ErrorPolicy } from './call.ts';
import type { Ask, Reply, Steps } from './steps.ts';
import { failureOf, type Target } from './target.ts';

/** A call of a hook. */
export interface Dispatch {
  readonly hook: Hook;
  readonly targets: readonly Target[];
  readonly args: readonly unknown[];
  readonly options: Omit<CallOptions<'series' | 'background' | 'decide'>, 'onError'> & {
    readonly onError?: ErrorPolicy;
  };
  /** Is told of failures that the caller does not get. */
  readonly report: (error: PluginError) => void;
}

/** The plan of a call, by the mode of its hook. */
export function plan(dispatch: Dispatch): Steps {
  switch (dispatch.hook.mode) {
    case 'series':
      return gather(dispatch, dispatch.options.concurrent ?? false);
    case 'parallel':
      return gather(dispatch, true);
    case 'background':
      return launch(dispatch);
    case 'pipe':
      return thread(dispatch);
    case 'decide':
      return ask(dispatch);
    case 'anyOf':
      return vote(dispatch, true);
    case 'allOf':
      return vote(dispatch, false);
  }
}

/** All answers, in the order of the providers. */
function* gather({ targets, args, options, report }: Dispatch, concurrent: boolean): Steps {
  const { onError = 'rethrow' } = options;
  const asks = targets.map((target): Ask => ({ target, args }));
  const outcomes: unknown[] = [];
  const failures: PluginError[] = [];
  for (const group of concurrent ? [asks] : asks.map((one) => [one])) {
    for (const reply of yield group) {
      const { plugin } = reply.target;
      if (reply.ok) {
        const { value } = reply;
        outcomes.push(onError === 'collect' ? { plugin, ok: true, value } : { plugin, value });
        continue;
      }
      const error = failureOf(reply.target, reply.error);
      if (onError === 'skip') report(error);
      else if (onError === 'collect') outcomes.push({ plugin, ok: false, error });
      else if (concurrent) failures.push(error);
      else throw error;
    }
  }
  const [failure, ...more] = failures;
  if (failure === undefined) return outcomes;
  if (more.length === 0) throw failure;
  throw new DispatchError(
    `${failures.length} of ${targets.length} plugins failed: ${failures.map(({ message }) => message).join('; ')}`,
    failures,
  );
}

/** No answer; failures are reported. */
function* launch({ targets, args, report }: Dispatch): Steps {
  for (const reply of yield targets.map((target) => ({ target, args }))) {
    if (!reply.ok) report(failureOf(reply.target, reply.error));
  }
  return undefined;
}

/** One value, threaded through. */
function* thread({ hook, targets, args, options, report }: Dispatch): Steps {
  const { accepts = (value: unknown) => value !== undefined } = hook;
  let [value, ...context] = args;
  for (const target of targets) {
    const reply = checked(yield* single({ target, args: [value, ...context] }), accepts, 'a value that cannot go on');
    if (reply.ok) value = reply.value;
    else passOver(reply, options.onError, report);
  }
  return value;
}

/** The first decision. */
function* ask({ targets, args, options, report }: Dispatch): Steps {
  const isAnswer = (value: unknown): boolean => value === undefined || isVerdict(value);
  for (const target of targets) {
    const reply = checked(yield* single({ target, args }), isAnswer, 'neither decided(value) nor noDecision');
    if (!reply.ok) passOver(reply, options.onError, report);
    else if (isVerdict(reply.value) && reply.value.decided) {
      return 'otherwise' in options ? reply.value.value : { decided: true, value: reply.value.value };
    }
  }
  return 'otherwise' in options ? options.otherwise : noDecision;
}

/** Whether somebody has said `decisive`. A failure never counts as a yes. */
function* vote({ hook, targets, args, options, report }: Dispatch, decisive: boolean): Steps {
  let result = !decisive;
  for (const target of targets) {
    const reply = checked(yield* single({ target, args }), (value) => typeof value === 'boolean', 'no boolean');
    if (!reply.ok) passOver(reply, options.onError, report);
    const answer = reply.ok && reply.value === true;
    if (answer === decisive) result = decisive;
    if (result === decisive && hook.all !== true) break;
  }
  return result;
}

function* single(one: Ask): Generator<readonly Ask[], Reply, readonly Reply[]> {
  const [reply] = yield [one];
  if (reply === undefined) throw new Error('A provider that was asked has not replied');
  return reply;
}

/** A reply that cannot be used, as a failure. */
function checked(reply: Reply, isUsable: (value: unknown) => boolean, what: string): Reply {
  if (!reply.ok || isUsable(reply.value)) return reply;
  return { target: reply.target, ok: false, error: new InputError(`It answered ${nameOf(reply.value)}, ${what}`) };
}

function nameOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`;
}

/** Reports a failure where those are skipped, and throws it elsewhere. */
function passOver(
  { target, error }: Reply & { readonly ok: false },
  policy: ErrorPolicy | undefined,
  report: (error: PluginError) => void,
): void {
  const failure = failureOf(target, error);
  if (policy !== 'skip') throw failure;
  report(failure);
}
