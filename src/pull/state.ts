/**
 * What a pull is doing.
 *
 * - `starting`: nothing has been heard of the source yet
 * - `catching-up`: rows are read, documents fetched and stored
 * - `live`: caught up; waiting for what the source has next
 * - `offline`: nobody answers; waiting to try again
 * - `backing-off`: the source answered that it cannot now, or the target is busy; waiting to try again
 * - `auth-required`: the source wants other credentials; waiting for `resume`
 * - `quota`: the target's store has no room left; what it holds can be read. Waiting for `resume`
 * - `standby`: another pull of the same id works into the same target, as in another tab; this one goes on when that ends
 * - `paused`: by the caller
 * - `completed`, `stopped`, `failed`: over
 */
export type PullState =
  | 'starting'
  | 'catching-up'
  | 'live'
  | 'offline'
  | 'backing-off'
  | 'auth-required'
  | 'quota'
  | 'standby'
  | 'paused'
  | 'completed'
  | 'stopped'
  | 'failed';

/**
 * What happens to a pull: the source is known and rows can be read (`ready`), something arrived or was stored (`progress`),
 * everything that the source had is stored (`caught-up`), a request failed and will be sent again (`unreachable`,
 * `refused`), one was turned away (`unauthorized`), the store has no room left (`full`), another pull leads (`standby`) or none
 * does any more (`lead`), the caller's `pause`, `resume` and `stop`, and the end (`done`, `fail`).
 */
export type PullTrigger =
  | 'ready'
  | 'progress'
  | 'caught-up'
  | 'unreachable'
  | 'refused'
  | 'unauthorized'
  | 'full'
  | 'standby'
  | 'lead'
  | 'pause'
  | 'resume'
  | 'stop'
  | 'done'
  | 'fail';

/** A state, and while paused the one that is to be gone on with. */
export interface PullPhase {
  readonly state: PullState;
  readonly underneath?: PullState;
}

/** Where every pull begins. */
export const firstPhase: PullPhase = { state: 'starting' };

/**
 * What a pull does after something has happened to it. What cannot follow on its state changes nothing: the same phase is
 * returned. While it is paused, what goes on underneath is followed, so that resuming shows how things stand then.
 */
export function nextPhase(phase: PullPhase, trigger: PullTrigger): PullPhase {
  if (isOver(phase.state)) return phase;
  switch (trigger) {
    case 'stop':
      return { state: 'stopped' };
    case 'done':
      return { state: 'completed' };
    case 'fail':
      return { state: 'failed' };
    case 'pause':
      return phase.state === 'paused' ? phase : { state: 'paused', underneath: phase.state };
    case 'resume':
      return resumed(phase);
    default:
      return phase.state === 'paused' ? paused(phase, trigger) : moved(phase, running(phase.state, trigger));
  }
}

/** Whether nothing can follow on a state. */
export function isOver(state: PullState): boolean {
  return state === 'completed' || state === 'stopped' || state === 'failed';
}

type RunningTrigger = Exclude<PullTrigger, 'pause' | 'resume' | 'stop' | 'done' | 'fail'>;

function running(state: PullState, trigger: RunningTrigger): PullState {
  // What it asks for itself meanwhile says nothing about the pull that works.
  if (state === 'standby' && trigger !== 'lead') return state;
  switch (trigger) {
    case 'ready':
      return 'catching-up';
    case 'progress':
      // Before the source is known, an answer that arrives is no more than a beginning.
      return state === 'starting' ? state : 'catching-up';
    case 'caught-up':
      return 'live';
    case 'unauthorized':
      return 'auth-required';
    case 'full':
      return 'quota';
    case 'standby':
      return 'standby';
    case 'lead':
      return 'starting';
    case 'unreachable':
      return 'offline';
    case 'refused':
      return 'backing-off';
  }
}

/** Also the way on from `auth-required` and `quota`, which wait just like a pause. */
function resumed(phase: PullPhase): PullPhase {
  const state = phase.state === 'paused' ? (phase.underneath ?? 'catching-up') : phase.state;
  return moved(phase, state === 'auth-required' || state === 'quota' ? 'catching-up' : state);
}

function paused(phase: PullPhase, trigger: RunningTrigger): PullPhase {
  const underneath = running(phase.underneath ?? 'catching-up', trigger);
  return underneath === phase.underneath ? phase : { state: 'paused', underneath };
}

function moved(phase: PullPhase, state: PullState): PullPhase {
  return state === phase.state ? phase : { state };
}
