/**
 * The Docker engine, by its own command line: whatever an operator would type, and nothing that only a
 * library can do.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

/**
 * Longest that one command may take, ms: building the image on a small machine that has nothing of it yet.
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
  /** Both outputs go on to ours as well: for what takes long. */
  readonly loud?: boolean;
}

/** Runs a command to its end, however it ends; rejects only when it can't be started. */
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
  child.stdin.on('error', () => {}); // it may end without having read
  child.stdin.end(input);
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      const text = signal === null ? stderr : `${stderr}\nended by ${signal}`;
      resolve({ code: code ?? 1, stdout, stderr: text });
    });
  });
}

/** Runs a command that has to work; its output without the last line end. */
export async function run(words: readonly string[], options?: CommandOptions): Promise<string> {
  const { code, stdout, stderr } = await attempt(words, options);
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}:\n${stdout}\n${stderr}`);
  return stdout.trimEnd();
}

export const docker = async (...args: readonly string[]): Promise<string> => await run(['docker', ...args]);

/** A command that goes on, with its input and output in our hands. */
export function keepRunning(words: readonly string[]): ChildProcessByStdio<Writable, Readable, Readable> {
  const [program = '', ...args] = words;
  return spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
}

/** How Compose is called here: the engine's plug-in of today, or the program of before. */
export async function composeCommand(): Promise<readonly string[]> {
  const plugin = await attempt(['docker', 'compose', 'version']);
  return plugin.code === 0 ? ['docker', 'compose'] : ['docker-compose'];
}
