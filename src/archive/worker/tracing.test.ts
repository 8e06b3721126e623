import { trace as globalTrace } from '@opentelemetry/api';
import type { Span, Tracer } from '@opentelemetry/api';
import { afterEach, expect, it } from 'vitest';
import { openTrace } from './tracing.js';

afterEach(() => {
  globalTrace.disable();
});

it('runs work without an SDK', async () => {
  const trace = await openTrace();
  await expect(trace('step', {}, () => Promise.resolve(5))).resolves.toBe(5);
  await expect(trace('step', {}, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
});

it('puts work into a span, with the error that ends it', async () => {
  const said: unknown[] = [];
  const span = {
    recordException: (error: Error) => said.push(error.message),
    setStatus: ({ message }: { message: string }) => said.push(`status ${message}`),
    end: () => said.push('end'),
  } as unknown as Span;
  const tracer = {
    startActiveSpan: (name: string, { attributes }: { attributes: object }, work: (span: Span) => unknown) => {
      said.push(name, attributes);
      return work(span);
    },
  } as unknown as Tracer;
  globalTrace.setGlobalTracerProvider({ getTracer: () => tracer });
  const trace = await openTrace();
  const attributes = { 'ferstream.input': 'a.mp4' };
  await trace('ferstream file', attributes, () => Promise.resolve());
  expect(said.splice(0)).toEqual(['ferstream file', attributes, 'end']);
  await expect(trace('ferstream file', attributes, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(said).toEqual(['ferstream file', attributes, 'no', 'status no', 'end']);
});
