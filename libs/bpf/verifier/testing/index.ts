/** Kit for tests of soundness: what the verifier holds possible, and whether a run is within it. */
export { type AbstractVisit, collectStates } from './collect-states';
export { type ConcreteState, misfits } from './contains';
