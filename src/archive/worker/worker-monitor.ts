import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { once } from 'node:events';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { FerError } from '../../errors/fer-error.js';
import { html } from '../../page/html.js';
import type { ArchiveQueue } from '../queue/redis-connection.js';
import { queueStatus } from '../queue/queue-admin.js';
import type { QueueStatus } from '../queue/queue-admin.js';
import type { WorkerEvent } from './worker-event.js';

/** Seconds; a segment of ten minutes takes some minutes. */
const BUCKETS = [1, 5, 15, 60, 300, 900, 3600, 4 * 3600];

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const QUEUE_AWAY: Answer = {
  status: 503,
  type: 'text/plain',
  body: 'the queue does not answer; the worker waits for it\n',
};

/** A worker's HTTP pages: /metrics for Prometheus, / for people, /healthz for Kubernetes. */
export class WorkerMonitor {
  private readonly registry = new Registry();
  private readonly jobs = new Counter({
    name: 'ferstream_worker_jobs_total',
    help: 'Jobs of this worker by step and how they ended.',
    labelNames: ['step', 'end'],
    registers: [this.registry],
  });
  private readonly frames = new Counter({
    name: 'ferstream_worker_frames_total',
    help: 'Frames annotated by this worker.',
    registers: [this.registry],
  });
  private readonly seconds = new Histogram({
    name: 'ferstream_worker_job_seconds',
    help: 'Seconds a job took.',
    labelNames: ['step'],
    buckets: BUCKETS,
    registers: [this.registry],
  });
  private readonly running = new Gauge({
    name: 'ferstream_worker_jobs_running',
    help: 'Jobs that run now.',
    registers: [this.registry],
  });
  private readonly queued = new Gauge({
    name: 'ferstream_queue_jobs',
    help: 'Jobs in the queue by state.',
    labelNames: ['state'],
    registers: [this.registry],
  });
  /** Ids of jobs that run: one may fail before it has started. */
  private readonly started = new Set<string>();
  private server: Server | null = null;

  constructor(private readonly archive: ArchiveQueue) {
    collectDefaultMetrics({ register: this.registry });
  }

  take(event: WorkerEvent): void {
    if (event.event === 'job-started') this.started.add(event.id);
    else if ('id' in event) this.started.delete(event.id);
    this.running.set(this.started.size);
    if (event.event === 'job-done') {
      this.jobs.inc({ step: event.step, end: 'done' });
      this.frames.inc(event.step === 'merge' ? 0 : event.frames);
      this.seconds.observe({ step: event.step }, event.seconds);
    }
    if (event.event === 'job-failed') this.jobs.inc({ step: event.step, end: event.final ? 'failed' : 'tried again' });
  }

  /** @throws FerError CONFIG_INVALID when the port is taken */
  async listen(port: number, host?: string): Promise<number> {
    this.server = createServer((request, response) => {
      void this.answer(request.url ?? '/')
        .catch(() => QUEUE_AWAY)
        .then(({ status, type, body }) => {
          response.writeHead(status, { 'content-type': type }).end(body);
        });
    }).listen(port, host);
    try {
      await once(this.server, 'listening');
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new FerError('CONFIG_INVALID', `--metrics-port ${port}: ${reason}; give another port`, { cause: error });
    }
    // Accepting connections can fail later too, when the process runs out of file handles.
    this.server.on('error', () => undefined);
    const address = this.server.address();
    return typeof address === 'object' && address !== null ? address.port : port;
  }

  close(): void {
    this.server?.closeAllConnections();
    this.server?.close();
  }

  private async answer(url: string): Promise<Answer> {
    const [path] = url.split('?');
    if (path === '/healthz') return { status: 200, type: 'text/plain', body: 'ok\n' };
    if (path !== '/' && path !== '/metrics') return { status: 404, type: 'text/plain', body: 'not found\n' };
    const status = await this.status();
    if (status === null) {
      if (path === '/') return QUEUE_AWAY;
      return { status: 200, type: this.registry.contentType, body: await this.registry.metrics() };
    }
    if (path === '/') return { status: 200, type: 'text/html; charset=utf-8', body: statusPage(status) };
    const { waiting, active, delayed, divided, completed, failed } = status;
    for (const [state, count] of Object.entries({ waiting, active, delayed, divided, completed, failed }))
      this.queued.set({ state }, count);
    return { status: 200, type: this.registry.contentType, body: await this.registry.metrics() };
  }

  /** null while Redis is away, and while it refuses commands because it loads its data after a start. */
  private async status(): Promise<QueueStatus | null> {
    // Without a connection, commands would wait for one.
    if (this.archive.redis.status !== 'ready') return null;
    return queueStatus(this.archive).catch(() => null);
  }
}

/** A page without scripts: tables with captions and headers, readable at any size and with any reader. */
function statusPage(status: QueueStatus): string {
  const { perMinute, secondsLeft, failures } = status;
  const rows = [
    ['Waiting', status.waiting],
    ['Running', status.active],
    ['To be tried again', status.delayed],
    ['Divided, waiting for segments', status.divided],
    ['Done', status.completed],
    ['Failed', status.failed],
    ['Workers', status.workers],
    ['Jobs a minute', perMinute === null ? 'not known yet' : perMinute.toFixed(1)],
    ['Minutes left', secondsLeft === null ? 'not known yet' : Math.ceil(secondsLeft / 60)],
  ] as const;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <meta http-equiv="refresh" content="30" />
        <title>${status.failed > 0 ? `${status.failed} failed, ` : ''}${status.waiting} waiting: ferstream queue</title>
        <style>
          :root {
            color-scheme: light dark;
            font:
              1rem/1.5 system-ui,
              sans-serif;
          }
          body {
            max-width: 60rem;
            margin: 2rem auto;
            padding: 0 1rem;
          }
          table {
            border-collapse: collapse;
            margin-bottom: 2rem;
          }
          caption {
            text-align: left;
            font-weight: bold;
          }
          th,
          td {
            text-align: left;
            padding: 0.25rem 1rem 0.25rem 0;
            border-bottom: 1px solid;
            vertical-align: top;
            overflow-wrap: anywhere;
          }
        </style>
      </head>
      <body>
        <main>
          <h1>ferstream queue</h1>
          <table>
            <caption>
              Jobs
            </caption>
            ${rows.map(
              ([name, value]) =>
                html`<tr>
                  <th scope="row">${name}</th>
                  <td>${value}</td>
                </tr> `,
            )}
          </table>
          ${
            failures.length === 0
              ? html`<p>No input has failed.</p>`
              : html`<table>
                  <caption>
                    Failed inputs (the newest ${failures.length} of ${status.failed})
                  </caption>
                  <tr>
                    <th scope="col">Input</th>
                    <th scope="col">Reason</th>
                  </tr>
                  ${failures.map(
                    ({ input, reason }) =>
                      html`<tr>
                        <td>${input}</td>
                        <td>${reason}</td>
                      </tr> `,
                  )}
                </table>`
          }
        </main>
      </body>
    </html> `.text;
}
