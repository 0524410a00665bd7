import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { DEFAULTS } from '@parley/transport';
import { execa } from 'execa';
import getPort from 'get-port';
import { Deployment } from 'kubernetes-models/apps/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ConfigMap, Service } from 'kubernetes-models/v1';
import { describe, expect, inject, it, vi } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { unreadProperties } from './setup/unread.js';

const FOLDER = new URL('../deploy/kubernetes/', import.meta.url);
const APPS = new URL('../apps/', import.meta.url);
const MODELS = [ConfigMap, Deployment, PodDisruptionBudget, Service];
/** What a process needs beyond `drainTimeoutMs`: its database is given 5 s. */
const ENDS_WITHIN_S = 10;
/** After it, a service that does not reach Kafka ends by itself. */
const GIVES_UP_AFTER_S = 60;

const files = (await readdir(FOLDER)).filter(file => file.endsWith('.yaml') && file !== 'kustomization.yaml');
const read = (file: string) => readFile(new URL(file, FOLDER), 'utf8');
const manifests = await Promise.all(files.map(read)).then(texts =>
  texts.flatMap(text => parseAllDocuments(text).map(document => document.toJS() as Manifest)),
);
const deployments = manifests.filter(manifest => Deployment.is(manifest));

interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
}

describe('the manifests for Kubernetes', () => {
  it.each(manifests.map(manifest => [manifest.kind, manifest.metadata.name, manifest] as const))(
    'are what its schemas know: %s %s',
    (_kind, _name, manifest) => {
      const Model = MODELS.find(model => model.is(manifest))!;
      // Of what is written as it is: a model of its own would be a copy.
      expect(unreadProperties(manifest, watched => Model.prototype.validate.call(watched))).toEqual([]);
    },
  );

  it('are all applied, for each sample', async () => {
    const { resources } = parse(await read('kustomization.yaml')) as { resources: string[] };
    expect(resources.toSorted()).toEqual(files.toSorted());
    const sources = await readdir(APPS, { recursive: true });
    const samples = sources.flatMap(source => /^([^/]+)\/src\/main\.ts$/.exec(source)?.[1] ?? []);
    expect(deployments.map(({ metadata }) => metadata.name).toSorted()).toEqual(samples.toSorted());
  });

  describe.each(deployments.map(({ metadata, spec }) => [metadata.name, spec!] as const))(
    'of %s',
    (name, { selector, replicas, template }) => {
      const { containers, terminationGracePeriodSeconds } = template.spec!;
      const [container] = containers;
      const { startupProbe, readinessProbe, livenessProbe, lifecycle, ports, env } = container!;

      it('give it the time to stop that it takes', async () => {
        const sources = await readFile(new URL(`${name}/src/${name}.module.ts`, APPS), 'utf8');
        expect(sources).not.toContain('drainTimeoutMs');
        expect(terminationGracePeriodSeconds).toBe(
          lifecycle!.preStop!.sleep!.seconds + DEFAULTS.drainTimeoutMs / 1000 + ENDS_WITHIN_S,
        );
      });

      it('give it longer to start than it tries to, and restart it for what it says of itself only', () => {
        expect(startupProbe!.failureThreshold! * startupProbe!.periodSeconds!).toBeGreaterThan(
          GIVES_UP_AFTER_S,
        );
        expect(
          [startupProbe, readinessProbe, livenessProbe].map(probe => [
            probe!.httpGet!.path,
            probe!.httpGet!.port,
          ]),
        ).toEqual(['startup', 'ready', 'live'].map(probe => [`/health/${probe}`, 'http']));
      });

      it('lead to its port, and leave one running', () => {
        const port = ports!.find(({ name: of }) => of === 'http')!.containerPort;
        expect(env).toContainEqual({ name: 'PORT', value: String(port) });
        const labels = template.metadata!.labels;
        expect(labels).toMatchObject(selector.matchLabels!);
        const service = manifests.find(one => Service.is(one) && one.metadata?.name === name) as Service;
        expect(labels).toMatchObject(service.spec!.selector!);
        expect(service.spec!.ports).toMatchObject([{ targetPort: 'http' }]);
        const budget = manifests.find(
          one => PodDisruptionBudget.is(one) && one.metadata?.name === name,
        ) as PodDisruptionBudget;
        expect(budget.spec!.selector).toEqual(selector);
        // A budget that no pod may leave would keep a node from being drained for ever.
        expect(Number(budget.spec!.minAvailable ?? 0)).toBeLessThan(replicas!);
      });
    },
  );

  // The two that need no database; the others have the same main.ts.
  it.each(['gateway', 'notification'])('name probes that a running %s answers', async name => {
    const deployment = deployments.find(({ metadata }) => metadata.name === name)!;
    const [container] = deployment.spec!.template.spec!.containers;
    const port = await getPort();
    const run = execa('node', [fileURLToPath(new URL(`${name}/dist/main.js`, APPS))], {
      env: { KAFKA_BROKERS: inject('brokers'), PORT: String(port), NO_COLOR: '1' },
      reject: false,
    });
    try {
      for (const probe of [container!.startupProbe, container!.readinessProbe, container!.livenessProbe]) {
        const url = `http://127.0.0.1:${port}${probe!.httpGet!.path}`;
        await vi.waitFor(async () => expect((await fetch(url)).status).toBe(200), {
          timeout: 20_000,
          interval: 50,
        });
      }
    } finally {
      run.kill('SIGTERM');
      await run;
    }
  });
});
