/**
 * Which certificates each container of docker/compose.yaml sees: its own, and never the network's own key.
 * The command of each service that makes them runs here, with folders in place of volumes.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { parse } from 'yaml';
import { DualpingProcess } from './dualping-process.js';

interface Service {
  readonly command?: readonly string[];
  readonly volumes?: readonly string[];
}

const CERTS = '/certs';
const COMPOSE = new URL('../../docker/compose.yaml', import.meta.url);
const { services, volumes } = parse(readFileSync(COMPOSE, 'utf8'), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, null>>;
};
const folder = mkdtempSync(join(tmpdir(), 'dualping-compose-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const mountsOf = ({ volumes: mounted = [] }: Service) =>
  mounted.map((mount) => {
    const [volume = '', at = '', mode] = mount.split(':');
    return { volume, at, mode };
  });
const isMaker = ({ command = [] }: Service): boolean => command[0] === 'certs';

for (const [name, maker] of Object.entries(services).filter(([, service]) => isMaker(service)))
  test(`what ${name} makes reaches each container, and nothing else of it`, async () => {
    const place = join(folder, name);
    const own = mountsOf(maker).find(({ at }) => at === CERTS)?.volume ?? '';
    mkdirSync(join(place, 'parts'), { recursive: true });
    for (const { volume, at } of mountsOf(maker)) {
      mkdirSync(join(place, volume), { recursive: true });
      if (at.startsWith('/parts/')) symlinkSync(join(place, volume), join(place, 'parts', basename(at)));
    }
    const command = (maker.command ?? []).map((word) => (word === '/parts' ? join(place, 'parts') : word));
    const making = new DualpingProcess([...command, '--certs', join(place, own)]);
    assert.equal(await making.exited, 0, making.tail());
    assert.ok(readdirSync(join(place, own)).includes('ca.pem'));
    // The root of a container is read-only: what has no volume can't be delivered.
    const mounted = mountsOf(maker).flatMap(({ at }) => (at.startsWith('/parts/') ? [basename(at)] : []));
    assert.deepEqual(readdirSync(join(place, 'parts')).sort(), mounted.sort());

    const delivered = new Set(mountsOf(maker).map(({ volume }) => volume));
    for (const [part, service] of Object.entries(services))
      for (const { volume, at, mode } of mountsOf(service).filter(() => !isMaker(service))) {
        if (at !== CERTS || !delivered.has(volume)) continue;
        assert.deepEqual([volume === own, mode], [false, 'ro'], part);
        const keys = readdirSync(join(place, volume)).filter((file) => file !== 'network.pem');
        const others = keys.filter((file) => /^server-/.test(file));
        assert.ok(!keys.includes('ca.pem') && others.length <= 1, `${part} sees ${keys.join(', ')}`);
        if (/s\d$/.test(part)) assert.deepEqual(keys, others, `${part} sees ${keys.join(', ')}`);
        if (part === 'client') assert.deepEqual(keys, []);
      }
  });

test('every volume that is mounted is declared', () => {
  const mounted = Object.values(services).flatMap((service) => mountsOf(service).map(({ volume }) => volume));
  const named = new Set(mounted.filter((volume) => !volume.startsWith('.')));
  assert.deepEqual([...named].sort(), Object.keys(volumes).sort());
});
