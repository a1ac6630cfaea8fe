/**
 * The config file: a JSON object of settings, with an object for each command that needs its own.
 *
 *   { "routers": "127.0.0.1:7070", "deadAfterMs": 300, "server": { "data": "/var/lib/dualping" } }
 *
 * Settings at the top level are for every command that has such a setting. A key that no command has is
 * refused: a misspelt setting must not silently become the default.
 */
import { readFileSync } from 'node:fs';
import { DualpingError, quote } from '@dualping/core';

/** Some editors begin a text file with it, and JSON knows none. */
const BYTE_ORDER_MARK = /^\uFEFF/;

/** Keys of the settings of each command. */
export type KnownKeys = ReadonlyMap<string, ReadonlySet<string>>;

/** @param text continues a sentence that begins with the file's path */
function refuse(path: string, text: string, cause?: unknown): never {
  throw new DualpingError('invalid-argument', `config file ${quote(path)}${text}`, { cause });
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export function readConfigFile(path: string, command: string, known: KnownKeys): Record<string, string> {
  return parseConfig(path, readText(path), command, known);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    return refuse(path, ` cannot be read: ${messageOf(error)}`, error);
  }
}

export function parseConfig(
  path: string,
  json: string,
  command: string,
  known: KnownKeys,
): Record<string, string> {
  const top = objectIn(path, json);
  const all = new Set([...known.values()].flatMap((keys) => [...keys]));
  const values: Record<string, string> = {};
  for (const [key, value] of Object.entries(top)) {
    if (known.has(key)) continue;
    if (!all.has(key)) refuse(path, `: ${quote(key)} is neither a setting nor a command`);
    if (known.get(command)?.has(key)) values[key] = valueText(path, key, value);
  }
  for (const [section, keys] of known) {
    const content = top[section];
    if (content === undefined) continue;
    if (!isObject(content)) refuse(path, `: ${quote(section)} must be an object of settings`);
    for (const [key, value] of Object.entries(content)) {
      if (!keys.has(key)) refuse(path, `: ${quote(`${section}.${key}`)} is not a setting of ${section}`);
      const judged = valueText(path, `${section}.${key}`, value);
      if (section === command) values[key] = judged;
    }
  }
  return values;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function objectIn(path: string, json: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json.replace(BYTE_ORDER_MARK, ''));
  } catch (error) {
    return refuse(path, ` is not JSON: ${messageOf(error)}`, error);
  }
  return isObject(parsed) ? parsed : refuse(path, ' must be a JSON object');
}

/** Numbers and switches may be JSON values, and lists may be arrays; the setting itself parses the text. */
function valueText(path: string, key: string, value: unknown): string {
  if (Array.isArray(value)) return value.map((element) => valueText(path, key, element)).join(',');
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return refuse(
    path,
    `: ${quote(key)} is ${quote(JSON.stringify(value))}: give text, a number, true or false`,
  );
}
