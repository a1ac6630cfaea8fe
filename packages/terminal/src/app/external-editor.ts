/** Edits a draft in the person's own editor. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Largest file that is read back, bytes: larger than any draft. */
const MOST_BYTES = 1024 * 1024;

export type Edited =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'problem'; readonly text: string };

/** The editor that the person has set, as for git and crontab. */
const editorFrom = (env: NodeJS.ProcessEnv): string => env.VISUAL || env.EDITOR || 'vi';

/**
 * Runs the editor on the terminal, which the screen must have released. The text is in a folder that only the
 * owner can read.
 */
export async function editedElsewhere(text: string, env: NodeJS.ProcessEnv): Promise<Edited> {
  const folder = mkdtempSync(join(tmpdir(), 'dualping-'));
  const path = join(folder, 'post.txt');
  try {
    writeFileSync(path, text === '' ? '' : `${text}\n`, { mode: 0o600 });
    const command = editorFrom(env);
    const problem = await run(command, path);
    if (problem !== undefined)
      return { kind: 'problem', text: `the draft is as it was: ${command} ${problem}` };
    const content = readFileSync(path);
    if (content.length > MOST_BYTES)
      return { kind: 'problem', text: `the draft is as it was: ${content.length} bytes are too many` };
    return { kind: 'text', text: content.toString('utf8').replace(/\r\n?/g, '\n').replace(/\n+$/, '') };
  } catch (error) {
    return { kind: 'problem', text: `the draft could not be edited: ${String(error)}` };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs the command in a shell, because it may have arguments: `code --wait`. @returns what went wrong */
function run(command: string, path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn('sh', ['-c', `${command} "$1"`, 'sh', path], { stdio: 'inherit' });
    child.once('error', (error) => resolve(`could not be started (${error.message})`));
    child.once('exit', (code, signal) =>
      resolve(code === 0 ? undefined : signal === null ? `ended with ${code}` : `was ended by ${signal}`),
    );
  });
}
