// The script of the HTML report. It runs in browsers, from within the page, and loads nothing.
(() => {
  'use strict';
  const element = document.getElementById('report-data');
  if (element === null) return;
  const data = JSON.parse(element.textContent);
  const { labels, binWidth } = data;
  const FIELDS = 4 + labels.length;
  const KNOWN = ['neutral', 'happiness', 'surprise', 'sadness', 'anger', 'disgust', 'fear', 'contempt'];
  const TRUST = ['sure', 'unsure', 'unusable'];
  /** Heights in the canvas, CSS pixels: dominant expression, posteriors, ambiguity, time axis. */
  const RIBBON = 20;
  const GAP = 6;
  const AMBIGUITY = 20;
  const AXIS = 20;
  const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200];

  const faces = new Map(data.faces.map((face) => [face.id, { ...face, rows: bytesOf(face.rows) }]));
  const whole = { from: data.start, to: Math.max(data.end, data.start + 0.04) };
  const view = { ...whole };
  let cursor = data.start;
  let isPrinting = false;

  const video = document.getElementById('video');
  const lanes = [...document.querySelectorAll('.lane')].map((lane) => ({
    lane,
    canvas: lane.querySelector('canvas'),
    tip: lane.querySelector('.tip'),
    face: faces.get(Number(lane.dataset.face)),
    isVisible: false,
    isDrawn: false,
  }));

  // ---- values ----

  function bytesOf(base64) {
    const text = atob(base64);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < bytes.length; i += 1) bytes[i] = text.charCodeAt(i);
    return bytes;
  }

  /** Means of a face between two times; null where it was not seen. */
  function meanOf({ first, rows }, from, to) {
    const last = rows.length / FIELDS;
    const begin = Math.max(0, Math.floor((from - data.start) / binWidth) - first);
    const end = Math.min(last, Math.max(begin + 1, Math.ceil((to - data.start) / binWidth - 1e-6) - first));
    const sums = new Float64Array(FIELDS);
    for (let bin = begin; bin < end; bin += 1) {
      const weight = rows[bin * FIELDS];
      sums[0] += weight;
      for (let k = 1; k < FIELDS; k += 1) sums[k] += weight * rows[bin * FIELDS + k];
    }
    if (begin >= last || sums[0] === 0) return null;
    for (let k = 1; k < FIELDS; k += 1) sums[k] /= sums[0] * 255;
    return { sure: sums[1], unusable: sums[2], ambiguity: sums[3], posteriors: sums.subarray(4) };
  }

  function valuesAt(face, time) {
    if (time - data.start < face.first * binWidth - 1e-6) return null;
    return meanOf(face, time, time + 1e-4);
  }

  function trustOf({ sure, unusable }) {
    return unusable >= 0.5 ? 'unusable' : sure >= 0.5 ? 'sure' : 'unsure';
  }

  function ranked(posteriors) {
    return labels.map((label, k) => ({ label, share: posteriors[k] })).sort((a, b) => b.share - a.share);
  }

  function percent(share) {
    return `${Math.round(share * 100)} %`;
  }

  function clock(seconds, digits = 1) {
    const scale = 10 ** digits;
    const units = Math.round(Math.max(0, seconds) * scale);
    const hours = Math.floor(units / (3600 * scale));
    const minutes = Math.floor(units / (60 * scale)) % 60;
    const rest = ((units % (60 * scale)) / scale).toFixed(digits).padStart(digits === 0 ? 2 : 3 + digits, '0');
    return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
  }

  // ---- drawing ----

  function colours() {
    const style = getComputedStyle(document.documentElement);
    const token = (name) => style.getPropertyValue(`--${name}`).trim();
    const ofLabels = new Map(labels.map((label) => [label, token(`e-${KNOWN.includes(label) ? label : 'other'}`)]));
    return {
      of: (label) => ofLabels.get(label),
      card: token('card'),
      text: token('text'),
      soft: token('soft'),
      line: token('line'),
      track: token('track'),
    };
  }

  function drawAll() {
    const palette = colours();
    for (const lane of lanes) {
      if (lane.isVisible || isPrinting) draw(lane, palette);
      else lane.isDrawn = false;
    }
  }

  function draw(lane, palette) {
    const { canvas, face } = lane;
    lane.isDrawn = true;
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    if (width === 0) return;
    const ratio = isPrinting ? 3 : window.devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const context = canvas.getContext('2d');
    context.scale(ratio, ratio);
    const x = (time) => ((time - view.from) / (view.to - view.from)) * width;
    const area = { top: RIBBON + GAP, height: height - RIBBON - 2 * GAP - AMBIGUITY - AXIS };
    context.fillStyle = palette.track;
    context.fillRect(0, 0, width, RIBBON);
    context.fillRect(0, area.top, width, area.height);
    drawSegments(context, face, x, width, palette);
    drawPosteriors(context, face, width, area, palette);
    drawAmbiguity(context, face, width, area.top + area.height + GAP, palette);
    drawAxis(context, x, width, height, palette);
    if (!isPrinting) {
      context.fillStyle = palette.text;
      context.fillRect(Math.round(x(cursor)) - 0.75, 0, 1.5, height - AXIS);
    }
  }

  /** The dominant expression; striped where unsure, a thin line where unusable. */
  function drawSegments(context, face, x, width, palette) {
    for (const [start, end, label, , , trust] of face.segments) {
      if (end < view.from || start > view.to) continue;
      const left = Math.max(0, x(start));
      const wide = Math.max(1, Math.min(width, x(end)) - left - (x(end) - left > 3 ? 1 : 0));
      if (trust === 2) {
        context.fillStyle = palette.soft;
        context.fillRect(left, RIBBON / 2 - 1, wide, 2);
        continue;
      }
      context.fillStyle = palette.of(labels[label]);
      context.globalAlpha = trust === 1 ? 0.45 : 1;
      context.fillRect(left, 0, wide, RIBBON);
      context.globalAlpha = 1;
      if (trust === 1) stripe(context, left, 0, wide, RIBBON, palette.card);
    }
  }

  function stripe(context, left, top, width, height, colour) {
    context.save();
    context.beginPath();
    context.rect(left, top, width, height);
    context.clip();
    context.strokeStyle = colour;
    context.lineWidth = 1.5;
    context.beginPath();
    for (let at = Math.floor(left / 6) * 6 - height; at < left + width; at += 6) {
      context.moveTo(at, top + height);
      context.lineTo(at + height, top);
    }
    context.stroke();
    context.restore();
  }

  /** Posteriors stacked to one, column by column; pale where unusable. */
  function drawPosteriors(context, face, width, { top, height }, palette) {
    const fills = labels.map((label) => palette.of(label));
    // Neutral on top: what differs from it grows from the ground.
    const order = labels
      .map((_, k) => k)
      .sort((a, b) => Number(labels[a] === 'neutral') - Number(labels[b] === 'neutral'));
    const step = 1;
    for (let column = 0; column < width; column += step) {
      const [from, to] = [column, column + step].map((at) => view.from + (at / width) * (view.to - view.from));
      const mean = meanOf(face, from, to);
      if (mean === null || to < data.start + face.first * binWidth) continue;
      context.globalAlpha = mean.unusable >= 0.5 ? 0.2 : 1;
      let y = top + height;
      for (const k of order) {
        const high = mean.posteriors[k] * height;
        if (high < 0.05) continue;
        context.fillStyle = fills[k];
        context.fillRect(column, y - high, step + 0.3, high);
        y -= high;
      }
    }
    context.globalAlpha = 1;
  }

  /** How close the runner-up is, as a curve: flat is clear. */
  function drawAmbiguity(context, face, width, top, palette) {
    context.fillStyle = palette.soft;
    context.globalAlpha = 0.55;
    for (let column = 0; column < width; column += 1) {
      const [from, to] = [column, column + 1].map((at) => view.from + (at / width) * (view.to - view.from));
      const mean = meanOf(face, from, to);
      if (mean === null || to < data.start + face.first * binWidth) continue;
      context.fillRect(column, top + AMBIGUITY * (1 - mean.ambiguity), 1.2, AMBIGUITY * mean.ambiguity);
    }
    context.globalAlpha = 1;
    context.fillStyle = palette.line;
    context.fillRect(0, top + AMBIGUITY, width, 1);
    context.fillStyle = palette.soft;
    context.font = '10px system-ui, sans-serif';
    context.textBaseline = 'top';
    context.textAlign = 'left';
    context.strokeStyle = palette.card;
    context.lineWidth = 3;
    context.lineJoin = 'round';
    context.strokeText('ambiguity', 3, top);
    context.fillText('ambiguity', 3, top);
  }

  function drawAxis(context, x, width, height, palette) {
    const span = view.to - view.from;
    const step = STEPS.find((candidate) => (candidate / span) * width >= 64) ?? 7200;
    const digits = step < 1 ? 1 : 0;
    context.font = '11px system-ui, sans-serif';
    context.textBaseline = 'bottom';
    context.textAlign = 'center';
    for (let time = Math.ceil(view.from / step) * step; time <= view.to + 1e-6; time += step) {
      const at = x(time);
      context.fillStyle = palette.line;
      context.fillRect(at, height - AXIS, 1, 5);
      const text = clock(time, digits);
      const half = context.measureText(text).width / 2;
      context.fillStyle = palette.soft;
      context.fillText(text, Math.min(width - half, Math.max(half, at)), height);
    }
  }

  // ---- the moment ----

  /** Where the clocks of results and player differ: footage whose time does not begin at zero. */
  function shift() {
    return video !== null && Number.isFinite(video.duration) && data.start > video.duration ? data.start : 0;
  }

  function showMoment(time, { seek }) {
    cursor = Math.min(whole.to, Math.max(whole.from, time));
    if (cursor < view.from || cursor > view.to) {
      const span = view.to - view.from;
      view.from = Math.min(whole.to - span, Math.max(whole.from, cursor - span / 2));
      view.to = view.from + span;
    }
    if (seek && video !== null && !video.hidden) video.currentTime = Math.max(0, cursor - shift());
    drawAll();
    describe();
  }

  function describe() {
    const place = document.getElementById('now-time');
    if (place !== null) place.textContent = clock(cursor);
    const list = document.getElementById('now-faces');
    const items = [];
    for (const { canvas, face } of lanes) {
      const values = valuesAt(face, cursor);
      canvas.setAttribute('aria-valuenow', String(Math.round((100 * (cursor - whole.from)) / (whole.to - whole.from))));
      canvas.setAttribute('aria-valuetext', `${clock(cursor)}, ${sentence(values)}`);
      if (values !== null) items.push(nowItem(face, values));
    }
    if (items.length === 0) items.push(Object.assign(document.createElement('li'), { textContent: 'No face.' }));
    list?.replaceChildren(...items.slice(0, 6));
  }

  function sentence(values) {
    if (values === null) return 'not seen';
    const trust = trustOf(values);
    const [best] = ranked(values.posteriors);
    return `${best.label} ${percent(best.share)}, ${trust}`;
  }

  function nowItem(face, values) {
    const trust = trustOf(values);
    const item = document.createElement('li');
    if (trust !== 'sure') item.className = 'unsure-now';
    const head = document.createElement('b');
    const note = document.createElement('em');
    head.textContent = face.title;
    note.textContent = trust;
    head.append(note);
    item.append(head);
    for (const { label, share } of ranked(values.posteriors).slice(0, 3)) {
      const row = document.createElement('div');
      const [name, bar, number] = ['span', 'i', 'span'].map((tag) => document.createElement(tag));
      row.className = 'bar';
      name.textContent = label;
      number.textContent = percent(share);
      bar.style.setProperty('--share', `${100 * share}%`);
      bar.style.setProperty('--c', `var(--e-${KNOWN.includes(label) ? label : 'other'})`);
      row.append(name, bar, number);
      item.append(row);
    }
    return item;
  }

  // ---- input ----

  function timeOf(canvas, event) {
    const { left, width } = canvas.getBoundingClientRect();
    return view.from + ((event.clientX - left) / width) * (view.to - view.from);
  }

  function zoom(factor, around = cursor) {
    const span = Math.min(
      whole.to - whole.from,
      Math.max(Math.min(1, whole.to - whole.from), (view.to - view.from) * factor),
    );
    const share = (around - view.from) / (view.to - view.from);
    view.from = Math.min(whole.to - span, Math.max(whole.from, around - share * span));
    view.to = view.from + span;
    drawAll();
  }

  for (const { canvas, tip, face } of lanes) {
    canvas.addEventListener('click', (event) => showMoment(timeOf(canvas, event), { seek: true }));
    canvas.addEventListener('pointermove', (event) => {
      const time = timeOf(canvas, event);
      const values = valuesAt(face, time);
      const lines = [clock(time)];
      if (values === null) lines.push('not seen');
      else {
        const top = ranked(values.posteriors).slice(0, 3);
        lines[0] += ` · ${trustOf(values)}`;
        lines.push(
          ...top.map(({ label, share }) => `${label} ${percent(share)}`),
          `ambiguity ${values.ambiguity.toFixed(2)}`,
        );
      }
      tip.textContent = lines.join('\n');
      tip.hidden = false;
      const at = event.clientX - canvas.getBoundingClientRect().left;
      const isRight = at > canvas.clientWidth / 2;
      tip.style.left = isRight ? 'auto' : `${at + 14}px`;
      tip.style.right = isRight ? `${canvas.clientWidth - at + 14}px` : 'auto';
    });
    canvas.addEventListener('pointerleave', () => {
      tip.hidden = true;
    });
    canvas.addEventListener(
      'wheel',
      (event) => {
        if (!event.ctrlKey && !event.metaKey) return;
        event.preventDefault();
        zoom(event.deltaY > 0 ? 1.25 : 0.8, timeOf(canvas, event));
      },
      { passive: false },
    );
    canvas.addEventListener('keydown', (event) => {
      const span = view.to - view.from;
      const moves = {
        ArrowRight: Math.max(binWidth, span / 200),
        ArrowLeft: -Math.max(binWidth, span / 200),
        PageUp: span / 10,
        PageDown: -span / 10,
        Home: -Infinity,
        End: Infinity,
      };
      const move = moves[event.key];
      if (move !== undefined) showMoment(cursor + move, { seek: true });
      else if (event.key === '+') zoom(0.5);
      else if (event.key === '-') zoom(2);
      else if ((event.key === 'Enter' || event.key === ' ') && video !== null) {
        if (video.paused) void video.play().catch(() => undefined);
        else video.pause();
      } else return;
      event.preventDefault();
    });
  }

  document.getElementById('zoom-in')?.addEventListener('click', () => zoom(0.5));
  document.getElementById('zoom-out')?.addEventListener('click', () => zoom(2));
  document.getElementById('zoom-all')?.addEventListener('click', () => zoom(Infinity));
  document.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest('.time') : null;
    if (button === null) return;
    showMoment(Number(button.dataset.time), { seek: true });
    video?.scrollIntoView({ block: 'nearest', behavior: 'smooth' });
  });

  // ---- video ----

  if (video !== null) {
    const missing = document.getElementById('no-video');
    const hide = () => {
      video.hidden = true;
      missing.hidden = false;
    };
    video.addEventListener('error', hide);
    if (!video.hasAttribute('src') || video.error !== null) hide();
    document.getElementById('pick').addEventListener('change', ({ target }) => {
      if (target.files.length === 0) return;
      video.src = URL.createObjectURL(target.files[0]);
      video.hidden = false;
      missing.hidden = true;
    });
    const follow = () => {
      showMoment(video.currentTime + shift(), { seek: false });
      if (!video.paused && !video.ended) requestAnimationFrame(follow);
    };
    video.addEventListener('play', follow);
    video.addEventListener('seeked', () => showMoment(video.currentTime + shift(), { seek: false }));
  }

  // ---- tables on demand ----

  function cell(tag, content, isText = false) {
    const made = document.createElement(tag);
    if (content instanceof Node) made.append(content);
    else made.textContent = content;
    if (isText) made.className = 'text';
    return made;
  }

  function timeButton(time) {
    const button = Object.assign(document.createElement('button'), { type: 'button', className: 'time' });
    button.dataset.time = String(time);
    button.textContent = clock(time);
    return button;
  }

  for (const details of document.querySelectorAll('.periods')) {
    const { segments, title } = faces.get(Number(details.dataset.face));
    let shown = 0;
    details.addEventListener('toggle', () => {
      if (!details.open || shown > 0) return;
      const table = document.createElement('table');
      table.className = 'numbers';
      table.setAttribute('aria-label', details.querySelector('summary').textContent);
      const head = document.createElement('tr');
      for (const name of ['From', 'Seconds', 'Expression', 'Mean', 'Peak', 'Trust'])
        head.append(Object.assign(cell('th', name, name === 'Expression' || name === 'Trust'), { scope: 'col' }));
      table.createTHead().append(head);
      const body = table.createTBody();
      const more = Object.assign(document.createElement('button'), { type: 'button', textContent: 'Show more' });
      const fill = () => {
        for (const [start, end, label, mean, peak, trust] of segments.slice(shown, shown + 200)) {
          const row = body.insertRow();
          row.append(
            cell('th', timeButton(start)),
            cell('td', (end - start).toFixed(1)),
            cell('td', labels[label], true),
            cell('td', percent(mean)),
            cell('td', percent(peak)),
            cell('td', TRUST[trust], true),
          );
        }
        shown = Math.min(segments.length, shown + 200);
        more.hidden = shown >= segments.length;
      };
      more.addEventListener('click', fill);
      const scroll = Object.assign(document.createElement('div'), { className: 'scroll', tabIndex: 0 });
      scroll.setAttribute('role', 'region');
      scroll.setAttribute('aria-label', `Periods of ${title}`);
      scroll.append(table);
      details.append(scroll, more);
      fill();
    });
  }

  const moreTroubles = document.getElementById('more-troubles');
  moreTroubles?.addEventListener('click', () => {
    const body = document.querySelector('#troubles tbody');
    for (const { start, seconds, who, what, file } of data.troubles) {
      const row = body.insertRow();
      row.append(
        ...(file === undefined ? [cell('th', timeButton(start)), cell('td', seconds.toFixed(1))] : [cell('th', file)]),
        cell('td', who, true),
        cell('td', what, true),
      );
    }
    moreTroubles.hidden = true;
  });

  // ---- when to draw ----

  /** What is out of sight waits until there is time: a page of many people opens at once. */
  const whenIdle = window.requestIdleCallback ?? ((callback) => window.setTimeout(callback, 50));
  let isDrawing = false;
  function drawLater() {
    if (isDrawing) return;
    isDrawing = true;
    whenIdle(() => {
      isDrawing = false;
      const waiting = lanes.find(({ isDrawn }) => !isDrawn);
      if (waiting === undefined) return;
      draw(waiting, colours());
      drawLater();
    });
  }

  const watcher = new IntersectionObserver(
    (entries) => {
      const palette = colours();
      for (const { target, isIntersecting } of entries) {
        const lane = lanes.find(({ canvas }) => canvas === target);
        lane.isVisible = isIntersecting;
        if (isIntersecting) draw(lane, palette);
      }
      drawLater();
    },
    { rootMargin: '200px' },
  );
  for (const { canvas } of lanes) watcher.observe(canvas);
  new ResizeObserver(() => {
    drawAll();
    drawLater();
  }).observe(document.body);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
  for (const [event, state] of [
    ['beforeprint', true],
    ['afterprint', false],
  ]) {
    window.addEventListener(event, () => {
      isPrinting = state;
      drawAll();
    });
  }
  matchMedia('print').addEventListener('change', ({ matches }) => {
    isPrinting = matches;
    drawAll();
  });
  describe();
})();
