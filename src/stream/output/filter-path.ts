/**
 * A file path as the value of an option inside an ffmpeg filter chain. It is parsed twice, first as part of the chain, then as part of
 * the filter's options, so it is escaped twice, inside out.
 * https://ffmpeg.org/ffmpeg-filters.html#Notes-on-filtergraph-escaping
 */
export function filterPath(path: string): string {
  // ffmpeg understands forward slashes on Windows, and they need no escape.
  const slashes = process.platform === 'win32' ? path.replaceAll('\\', '/') : path;
  const option = slashes.replace(/[\\':]/g, '\\$&');
  return option.replace(/[\\'[\],;]/g, '\\$&');
}
