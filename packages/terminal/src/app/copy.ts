/** tmux takes a program's clipboard sequence only when it is told to, and its own command at any time. */
import { spawn } from 'node:child_process';

export function copyIntoTmux(text: string, env: NodeJS.ProcessEnv): void {
  if ((env.TMUX ?? '') === '') return;
  const child = spawn('tmux', ['load-buffer', '-w', '-'], { stdio: ['pipe', 'ignore', 'ignore'] });
  // The terminal was asked too: there is nothing to be said where there is no tmux to be called.
  child.once('error', () => {});
  child.stdin.once('error', () => {});
  child.stdin.end(text);
}
