import { VERSION } from '../../version.js';

export type SpanAttributes = Readonly<Record<string, string | number>>;

/** Runs work within a span of this name; an error of the work becomes the span's. */
export type Trace = <T>(name: string, attributes: SpanAttributes, work: () => Promise<T>) => Promise<T>;

/** Spans for OpenTelemetry. Without its package, or without an SDK that the user has started, the work just runs. */
export async function openTrace(): Promise<Trace> {
  const api = await import('@opentelemetry/api').catch(() => null);
  if (api === null) return (_name, _attributes, work) => work();
  const tracer = api.trace.getTracer('ferstream', VERSION);
  return (name, attributes, work) =>
    tracer.startActiveSpan(name, { attributes }, async (span) => {
      try {
        return await work();
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        span.recordException(error instanceof Error ? error : message);
        span.setStatus({ code: api.SpanStatusCode.ERROR, message });
        throw error;
      } finally {
        span.end();
      }
    });
}
