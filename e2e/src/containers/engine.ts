/**
 * The Docker engine, through its command line: only what an operator could type too.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

/**
 * Longest that one command may take, ms: to build the image on a small machine with an empty cache.
 */
const COMMAND_LIMIT_MS = 300_000;

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly input?: string;
  readonly environment?: NodeJS.ProcessEnv;
  /** Also copies both outputs to our own: for long commands. */
  readonly loud?: boolean;
}

/** Runs a command to its end, with any exit code; rejects only when it can't be started. */
export async function attempt(
  words: readonly string[],
  { input = '', environment = {}, loud = false }: CommandOptions = {},
): Promise<Outcome> {
  const [program = '', ...args] = words;
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
    timeout: COMMAND_LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    if (loud) process.stderr.write(text);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    if (loud) process.stderr.write(text);
  });
  child.stdin.on('error', () => {}); // the command may end without reading it
  child.stdin.end(input);
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const text = signal === null ? stderr : `${stderr}\nended by ${signal}`;
      resolve({ code: code ?? 1, stdout, stderr: text });
    });
  });
}

/** Runs a command that must succeed. @returns its output without the last line end */
export async function run(words: readonly string[], options?: CommandOptions): Promise<string> {
  const { code, stdout, stderr } = await attempt(words, options);
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}:\n${stdout}\n${stderr}`);
  return stdout.trimEnd();
}

export const docker = async (...args: readonly string[]): Promise<string> => await run(['docker', ...args]);

/** Starts a long-running command, with its input and output as streams. */
export function keepRunning(words: readonly string[]): ChildProcessByStdio<Writable, Readable, Readable> {
  const [program = '', ...args] = words;
  return spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
}

/** The Compose command: the engine's plug-in, or the older separate program. */
export async function composeCommand(): Promise<readonly string[]> {
  const plugin = await attempt(['docker', 'compose', 'version']);
  return plugin.code === 0 ? ['docker', 'compose'] : ['docker-compose'];
}
