/**
 * The shell and tools of emulated containers: user mode that runs in emulated tasks, with the emulated kernel under
 * it. Language: bash 5.2 (its manual), parsed by just-bash; tools: Debian's, most of them just-bash's.
 */
export { installShell, type ShellOptions } from './install';
