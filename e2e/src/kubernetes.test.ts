/**
 * The manifests of `docker/kubernetes`: every field is one that Kubernetes knows, with a value that it takes;
 * what they refer to by name is there; and the parts take the settings that they are given.
 *
 * The types of Kubernetes' own API are the schema. The compiler finds unknown fields in a literal, which
 * Kubernetes itself would drop in silence.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { StatefulSet } from 'kubernetes-types/apps/v1.js';
import type { Service } from 'kubernetes-types/core/v1.js';
import type { NetworkPolicy } from 'kubernetes-types/networking/v1.js';
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js';
import { parse, parseAllDocuments } from 'yaml';
import { DualpingProcess } from './dualping-process.js';
import { eventually } from './eventually.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MANIFESTS = join(ROOT, 'docker/kubernetes');
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');
/** Where the types of each kind are. */
const KINDS: Readonly<Record<string, string>> = {
  'apps/v1 StatefulSet': 'apps/v1',
  'apps/v1 Deployment': 'apps/v1',
  'v1 Service': 'core/v1',
  'policy/v1 PodDisruptionBudget': 'policy/v1',
  'networking.k8s.io/v1 NetworkPolicy': 'networking/v1',
};

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

// Inside the repository, so that the compiler finds the types.
const folder = mkdtempSync(fileURLToPath(new URL('kubernetes-', import.meta.url)));
const data = mkdtempSync(join(tmpdir(), 'dualping-kubernetes-'));
after(() => {
  for (const path of [folder, data]) rmSync(path, { recursive: true });
});

const kustomization: { readonly resources: readonly string[] } = parse(
  readFileSync(join(MANIFESTS, 'kustomization.yaml'), 'utf8'),
);
const manifests: readonly Manifest[] = kustomization.resources.flatMap((name) =>
  parseAllDocuments(readFileSync(join(MANIFESTS, name), 'utf8')).map((document): Manifest => {
    assert.deepEqual(document.errors, [], name);
    return document.toJS() as Manifest;
  }),
);
const ofKind = <T>(kind: string): readonly T[] =>
  manifests.filter((manifest) => manifest.kind === kind) as unknown as readonly T[];
const sets = ofKind<StatefulSet>('StatefulSet');

/** What the compiler says of these, as literals of their types; empty: nothing. */
function objections(checked: readonly Manifest[]): string {
  const lines = checked.map((manifest, index) => {
    const from = KINDS[`${manifest.apiVersion} ${manifest.kind}`];
    assert.ok(from !== undefined, `${manifest.apiVersion} ${manifest.kind} is not checked: add it to KINDS`);
    const type = `import('kubernetes-types/${from}.js').${manifest.kind}`;
    return `export const m${index}: ${type} = ${JSON.stringify(manifest)};\n`;
  });
  const path = join(folder, 'manifests.ts');
  writeFileSync(path, lines.join(''));
  try {
    const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--skipLibCheck', '--types', ''];
    execFileSync(process.execPath, [TSC, '--ignoreConfig', ...flags, path], { encoding: 'utf8' });
    return '';
  } catch (error) {
    return String((error as { readonly stdout?: string }).stdout);
  }
}

test('every file of the folder can be applied, and Kubernetes knows every field', () => {
  const files = readdirSync(MANIFESTS).filter((name) => name !== 'kustomization.yaml');
  assert.deepEqual([...kustomization.resources].sort(), files.sort());
  assert.equal(objections(manifests), '');
});

test('an unknown field, or a field of a wrong type, fails the check', () => {
  const wrong = (change: (set: { spec: Record<string, unknown> }) => void): string => {
    const copy = structuredClone(sets[0]) as unknown as { spec: Record<string, unknown> };
    change(copy);
    return objections([copy as unknown as Manifest]);
  };
  assert.match(
    wrong(({ spec }) => {
      spec.replica = 3;
    }),
    /"replica"/,
  );
  assert.match(
    wrong(({ spec }) => {
      spec.replicas = 'three';
    }),
    /'string' is not assignable to type 'number'/,
  );
});

test('everything that is named exists: selectors, ports, volumes, services', () => {
  const services = ofKind<Service>('Service');
  const labels = sets.map((set) => set.spec?.template.metadata?.labels ?? {});
  const isMatched = (selector: Record<string, string> = {}): boolean =>
    labels.some((own) => Object.entries(selector).every(([key, value]) => own[key] === value));
  for (const service of services) assert.ok(isMatched(service.spec?.selector), service.metadata?.name);
  for (const budget of ofKind<PodDisruptionBudget>('PodDisruptionBudget'))
    assert.ok(isMatched(budget.spec?.selector?.matchLabels), budget.metadata?.name);
  for (const policy of ofKind<NetworkPolicy>('NetworkPolicy'))
    assert.ok(
      labels.every(
        (own) =>
          own['app.kubernetes.io/part-of'] ===
          policy.spec?.podSelector.matchLabels?.['app.kubernetes.io/part-of'],
      ),
    );
  for (const set of sets) {
    const { serviceName, selector, template, volumeClaimTemplates = [] } = set.spec ?? assert.fail();
    assert.ok(
      services.some(({ metadata }) => metadata?.name === serviceName),
      serviceName,
    );
    assert.ok(isMatched(selector.matchLabels));
    const pod = template.spec ?? assert.fail();
    const volumes = [
      ...(pod.volumes ?? []),
      ...volumeClaimTemplates.map(({ metadata }) => ({ name: metadata?.name })),
    ];
    for (const container of [...(pod.initContainers ?? []), ...pod.containers]) {
      for (const { name } of container.volumeMounts ?? [])
        assert.ok(
          volumes.some((volume) => volume.name === name),
          name,
        );
      assert.equal(container.securityContext?.readOnlyRootFilesystem, true);
      const ports = (container.ports ?? []).map(({ name }) => name);
      for (const probe of [container.startupProbe, container.livenessProbe, container.readinessProbe])
        if (probe !== undefined) assert.ok(ports.includes(String(probe.httpGet?.port)));
    }
    // Longer than a primary may take to hand over.
    assert.ok((pod.terminationGracePeriodSeconds ?? 0) > 10);
  }
});

/** The settings of a set's container, as they are in its first pod. */
function settingsOf(set: StatefulSet): {
  readonly args: readonly string[];
  readonly env: Record<string, string>;
} {
  const [container] = set.spec?.template.spec?.containers ?? [];
  const ordinal = String(set.spec?.ordinals?.start ?? 0);
  const pod = `${set.metadata?.name}-${ordinal}`;
  const env: Record<string, string> = {};
  for (const { name, value, valueFrom } of container?.env ?? []) {
    const path = valueFrom?.fieldRef?.fieldPath;
    env[name] = path === 'metadata.name' ? pod : path === undefined ? (value ?? '') : ordinal;
    env[name] = env[name].replaceAll(/\$\((\w+)\)/g, (_, named: string) => env[named] ?? assert.fail(named));
  }
  return { args: container?.args ?? [], env };
}

test('the parts read their settings, and take their ids from these', async () => {
  const [router, servers] = ['router', 'server'].map((name) => {
    const set = sets.find(({ metadata }) => metadata?.name === name) ?? assert.fail(name);
    return settingsOf(set);
  });
  assert.ok(router !== undefined && servers !== undefined);
  assert.equal(servers.env.DUALPING_ID, '1', 'there is no server 0');
  assert.equal(servers.env.DUALPING_ADVERTISE, 'server-1.servers:7070');
  assert.equal(servers.env.DUALPING_REGISTRATION, 'invite', 'it listens for others than this machine');
  // Here with certificates of their own, and where there is room.
  const here = { DUALPING_CERTS: '', DUALPING_METRICS: '127.0.0.1:0', DUALPING_HOST: '127.0.0.1' };
  const started = new DualpingProcess(router.args, {
    ...router.env,
    ...here,
    DUALPING_PORT: '0',
    DUALPING_DATA: join(data, 'router'),
  });
  const address = await started.ready();
  const server = new DualpingProcess(servers.args, {
    ...servers.env,
    ...here,
    DUALPING_PORT: '0',
    DUALPING_ROUTERS: address,
    DUALPING_ADVERTISE: '',
    DUALPING_DATA: join(data, 's1'),
  });
  await server.ready();
  const metrics = JSON.parse(await server.line(/"event":"metrics"/));
  const [at] = /http\S+(?=\/metrics)/.exec(metrics.text) ?? [];
  const probes = sets.flatMap(({ spec }) => spec?.template.spec?.containers ?? []).at(-1);
  for (const probe of [probes?.startupProbe, probes?.livenessProbe, probes?.readinessProbe])
    await eventually(`${probe?.httpGet?.path}`, async () => (await fetch(`${at}${probe?.httpGet?.path}`)).ok);
  assert.equal(await server.stop(), 143);
  assert.equal(await started.stop(), 143);
});
