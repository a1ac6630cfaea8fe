/** Opens a link in the browser. */
import { spawn } from 'node:child_process';

/** BROWSER has priority, as in other programs; it may contain %s for the address. */
function openerFor(
  url: string,
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform,
): { readonly command: string; readonly args: readonly string[] } {
  const [browser = '', ...rest] = (env.BROWSER ?? '').split(':')[0]?.trim().split(/\s+/) ?? [];
  if (browser === '') return { command: platform === 'darwin' ? 'open' : 'xdg-open', args: [url] };
  const args = rest.map((part) => part.replaceAll('%s', url));
  return { command: browser, args: args.some((arg) => arg.includes(url)) ? args : [...args, url] };
}

/** Resolves with what went wrong; undefined: nothing. */
export function openLink(url: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const { command, args } = openerFor(url, env, process.platform);
  return new Promise((resolve) => {
    // In a session of its own and without the terminal: a browser that draws there would overwrite the
    // screen.
    const child = spawn(command, args, { stdio: 'ignore', detached: true });
    child.once('error', () => resolve(`${command} opens no links here: Y copies it`));
    child.once('spawn', () => child.unref());
    child.once('exit', (code) =>
      resolve(code === 0 || code === null ? undefined : `${command} ended with ${code}: Y copies the link`),
    );
  });
}
