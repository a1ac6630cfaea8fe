/** Copies by tmux's own command: tmux accepts a program's clipboard sequence only if it is configured to. */
import { spawn } from 'node:child_process';

export function copyIntoTmux(text: string, env: NodeJS.ProcessEnv): void {
  if ((env.TMUX ?? '') === '') return;
  const child = spawn('tmux', ['load-buffer', '-w', '-'], { stdio: ['pipe', 'ignore', 'ignore'] });
  // Without tmux this fails silently: the terminal was asked too.
  child.once('error', () => {});
  child.stdin.once('error', () => {});
  child.stdin.end(text);
}
