'use strict';
(() => {
  const byId = id => document.getElementById(id);
  const source = byId('data');
  const data = JSON.parse(source.textContent);
  source.remove();

  // Everything that came from outside is put in as text, never as markup.
  const make = (name, className, text) => {
    const element = document.createElement(name);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const number = value => value.toLocaleString('en-US');
  const plural = (count, word) => `${number(count)} ${word}${count === 1 ? '' : 's'}`;
  const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
  const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
  const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });
  const duration = milliseconds => {
    const seconds = Math.round(milliseconds / 1000);
    if (milliseconds < 9950) return `${(milliseconds / 1000).toFixed(1)} s`;
    if (seconds < 120) return `${seconds} s`;
    if (seconds < 7200) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
    if (seconds < 172800) return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds % 3600 / 60)} min`;
    return `${Math.round(seconds / 86400)} days`;
  };
  const size = bytes => bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} KB`
    : bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
  const median = values => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

  const order = data.statuses;
  const failures = data.failures;

  const items = joined(data.items);
  for (const item of items) {
    const words = [item.prompt, item.seed, item.id, item.row, item.style, item.code, item.error];
    for (const file of item.files) words.push(file.name);
    item.words = words.concat(Object.values(item.parameters)).filter(Boolean).join('\n').toLowerCase();
    // When its slot was released, as far as that is known.
    item.released = item.submitted === undefined ? undefined
      : item.generated ?? (item.seconds !== undefined && item.ended === undefined ? item.submitted + item.seconds * 1000 : item.ended);
  }

  // Saved images of one generation are one request.
  function joined(all) {
    const known = new Map();
    return all.filter(item => {
      const first = item.id && item.files.length ? known.get(item.id) : undefined;
      if (first && first.prompt === item.prompt && first.submitted === item.submitted) {
        first.files.push(...item.files);
        if (item.status === 'Filtered') first.status = item.status;
        return false;
      }
      if (item.id) known.set(item.id, item);
      return true;
    });
  }

  function counted(values) {
    const counts = new Map();
    for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
    return counts;
  }

  const byStatus = counted(items.map(item => item.status));
  const byStyle = counted(items.map(item => item.style).filter(Boolean));

  // ---- Totals

  function showTotals() {
    const files = items.flatMap(item => item.files);
    const sent = items.filter(item => item.submitted !== undefined);
    const times = items.map(item => item.seconds ?? (item.generated - item.submitted) / 1000).filter(seconds => seconds >= 0);
    const begin = least(sent.map(item => item.submitted));
    const end = -least(items.map(item => item.ended ?? item.released).filter(Boolean).map(time => -time));
    const put = (name, value, status) => {
      const box = make('div');
      box.append(make('dt', status ? `dot ${status}` : '', name), make('dd', '', value));
      byId('totals').append(box);
    };
    put('Requests', number(items.length));
    put('Images', number(files.length));
    for (const status of order) if (byStatus.has(status)) put(status, number(byStatus.get(status)), status);
    if (files.length) put('On disk', size(files.reduce((sum, file) => sum + file.length, 0)));
    if (times.length) put('Median time', duration(median(times) * 1000));
    const attempts = items.reduce((sum, item) => sum + (item.attempts ?? 0), 0);
    if (attempts > sent.length) put('Submissions', number(attempts));
    const created = `Created ${day.format(data.made)}`;
    byId('about').textContent = sent.length && isFinite(begin)
      ? `${day.format(begin)}${isFinite(end) && end > begin ? `, over ${duration(end - begin)}` : ''}. ${created}.` : `${created}.`;
  }

  function least(values) {
    return values.reduce((a, b) => Math.min(a, b), Infinity);
  }

  // ---- Timeline

  function svg(name, attributes, text) {
    const element = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const key in attributes) element.setAttribute(key, attributes[key]);
    if (text !== undefined) element.textContent = text;
    return element;
  }

  const changes = [];
  for (const item of items) {
    if (item.submitted === undefined) continue;
    changes.push({ at: item.submitted, by: 1, kind: 'sent' });
    if (item.released >= item.submitted) changes.push({ at: item.released, by: -1, kind: failures.includes(item.status) ? 'lost' : 'done' });
  }
  changes.sort((a, b) => a.at - b.at || a.by - b.by);

  // A run that was stopped and resumed the next day: the hours without activity are cut out.
  function stretches() {
    const all = [];
    let inUse = 0;
    for (const change of changes) {
      const last = all[all.length - 1];
      if (!last || (inUse === 0 && change.at - last.end > Math.max(60000, (last.end - all[0].begin) / 4))) all.push({ begin: change.at, end: change.at });
      else last.end = change.at;
      inUse += change.by;
    }
    // A submission whose end is unknown holds its slot forever in this count; one stretch is enough then.
    return all.length > 12 ? [{ begin: all[0].begin, end: all[all.length - 1].end }] : all;
  }

  function showTimeline() {
    if (!changes.length) return;
    byId('time').hidden = false;
    const width = Math.max(280, byId('chart').clientWidth);
    const left = 38, gap = 26, barsTop = 6, barsHeight = 74, useTop = 104, useHeight = 58, height = 186;
    const parts = stretches();
    const total = parts.reduce((sum, part) => sum + Math.max(1000, part.end - part.begin), 0);
    const available = width - left - 4 - gap * (parts.length - 1);
    let x = left;
    for (const part of parts) {
      part.x = x;
      part.width = available * Math.max(1000, part.end - part.begin) / total;
      x += part.width + gap;
    }

    const bins = [];
    for (const part of parts) {
      part.first = bins.length;
      part.count = Math.max(1, Math.round(part.width / 14));
      for (let i = 0; i < part.count; i++) {
        bins.push({ x: part.x + part.width * i / part.count, width: part.width / part.count, sent: 0, done: 0, lost: 0, most: 0,
          at: part.begin + (part.end - part.begin) * i / part.count });
      }
    }

    const positionOf = at => {
      const part = parts.findLast(part => part.begin <= at);
      const share = Math.min(1, (at - part.begin) / Math.max(1000, part.end - part.begin));
      return { part, x: part.x + part.width * share, bin: bins[part.first + Math.min(part.count - 1, Math.floor(share * part.count))] };
    };

    // The slots in use are drawn as their mean over a few pixels each: a long run has far more changes than a line can show.
    for (const part of parts) {
      part.columns = new Float64Array(Math.max(1, Math.floor(part.width / 3)));
      part.step = Math.max(1, part.end - part.begin) / part.columns.length;
    }

    const fill = (part, from, to, level) => {
      const columnOf = at => Math.min(part.columns.length - 1, Math.floor((at - part.begin) / part.step));
      for (let column = columnOf(from), end = columnOf(to); column <= end; column++) {
        const begin = part.begin + column * part.step;
        part.columns[column] += level * Math.max(0, Math.min(to, begin + part.step) - Math.max(from, begin)) / part.step;
      }
    };

    let inUse = 0, most = 0, busy = 0, last = changes[0].at;
    for (const change of changes) {
      const position = positionOf(change.at);
      if (inUse > 0) fill(position.part, Math.max(last, position.part.begin), change.at, inUse);
      busy += inUse * (change.at - last);
      last = change.at;
      inUse += change.by;
      most = Math.max(most, inUse);
      position.bin[change.kind]++;
      position.bin.most = Math.max(position.bin.most, inUse, inUse - change.by);
    }

    const drawing = svg('svg', { viewBox: `0 0 ${width} ${height}`, height, role: 'img' });
    const tallest = Math.max(1, ...bins.map(bin => Math.max(bin.sent, bin.done + bin.lost)));
    const barOf = count => barsHeight * count / tallest;
    const useOf = count => useTop + useHeight - useHeight * count / Math.max(1, most);
    for (const [y, label] of [[barsTop, tallest], [barsTop + barsHeight, 0], [useTop, most], [useTop + useHeight, 0]]) {
      drawing.append(svg('line', { class: 'grid', x1: left, x2: width - 4, y1: y, y2: y }));
      drawing.append(svg('text', { x: left - 6, y: y + 4, 'text-anchor': 'end' }, label < 10000 ? label : compact.format(label)));
    }

    for (const bin of bins) {
      const bar = (name, x, count, under) => count && drawing.append(svg('rect', {
        class: name, x: x.toFixed(1), width: Math.max(1, bin.width / 2 - 1).toFixed(1),
        y: (barsTop + barsHeight - barOf(count + under)).toFixed(1), height: barOf(count).toFixed(1) }));
      bar('sent', bin.x + .5, bin.sent, 0);
      bar('done', bin.x + bin.width / 2, bin.done, 0);
      bar('lost', bin.x + bin.width / 2, bin.lost, bin.done);
    }

    for (const part of parts) {
      const wide = part.width / part.columns.length;
      let path = `M${part.x},${useOf(0)}`;
      part.columns.forEach((use, i) => path += `V${useOf(use).toFixed(1)}H${(part.x + wide * (i + 1)).toFixed(1)}`);
      drawing.append(svg('path', { class: 'use', d: `${path}V${useOf(0)}` }));
    }

    for (const part of parts) {
      const label = (x, at, anchor) => drawing.append(svg('text', { x, y: height - 6, 'text-anchor': anchor }, clock.format(at)));
      if (part.width > 70 || parts.length === 1) label(part.x, part.begin, 'start');
      if (part.width > 160) label(part.x + part.width, part.end, 'end');
      if (part === parts[0]) continue;
      const middle = part.x - gap / 2, before = parts[parts.indexOf(part) - 1];
      const line = svg('line', { class: 'gap', x1: middle, x2: middle, y1: barsTop, y2: useTop + useHeight });
      line.append(svg('title', {}, `No activity for ${duration(part.begin - before.end)}`));
      drawing.append(line);
    }

    for (const bin of bins) {
      const hit = svg('rect', { class: 'hit', x: bin.x, width: bin.width, y: barsTop, height: useTop + useHeight - barsTop });
      hit.append(svg('title', {}, `${day.format(bin.at)}: ${bin.sent} submitted, ${bin.done} completed, ${bin.lost} failed or unknown, at most ${bin.most} in use`));
      drawing.append(hit);
    }

    const caption = byId('chart-caption');
    const sums = kind => changes.filter(change => change.kind === kind).length;
    const spent = parts.reduce((sum, part) => sum + part.end - part.begin, 0);
    const use = `Below: slots in use, at most ${most}${spent > 0 ? `, ${(busy / spent).toFixed(1)} on average` : ''}`;
    caption.replaceChildren(make('span', 'dot key-sent', `${number(sums('sent'))} submitted`), make('span', 'dot key-done', `${number(sums('done'))} completed`));
    if (sums('lost')) caption.append(make('span', 'dot key-lost', `${number(sums('lost'))} failed or unknown`));
    caption.append(make('span', '', use));
    drawing.setAttribute('aria-label', `${caption.textContent}. From ${day.format(parts[0].begin)} to ${day.format(parts[parts.length - 1].end)}.`);
    byId('chart').replaceChildren(drawing);
  }

  // ---- Failures

  function showFailures() {
    const reasons = new Map();
    for (const item of items) {
      if (!failures.includes(item.status)) continue;
      const code = item.code ?? item.status, why = item.error ?? '';
      const key = JSON.stringify([item.status, code]);
      if (!reasons.has(key)) reasons.set(key, { status: item.status, code: item.code, name: code, all: [] });
      reasons.get(key).all.push(why);
    }
    byId('failures').hidden = !reasons.size;
    for (const reason of [...reasons.values()].sort((a, b) => b.all.length - a.all.length)) {
      const texts = [...counted(reason.all)].filter(([why]) => why).sort((a, b) => b[1] - a[1]);
      const why = texts.slice(0, 3).map(([text, count]) => count > 1 && texts.length > 1 ? `${text} (${number(count)})` : text).join(' ')
        + (texts.length > 3 ? ` And ${plural(texts.length - 3, 'other reason')}.` : '');
      const link = make('a', reason.status);
      link.href = '#' + hashOf({ status: new Set([reason.status]), style: new Set(), q: reason.code ?? '' });
      link.append(make('b', '', number(reason.all.length)), make('span', 'code', reason.name), make('span', 'why', why));
      link.addEventListener('click', () => byId('gallery-heading').scrollIntoView());
      const row = make('li');
      row.append(link);
      byId('reasons').append(row);
    }
  }

  // ---- Filters: their state is the address's hash, so that a view can be kept and passed on

  const state = { status: new Set(), style: new Set(), q: '' };
  let shown = items;

  function hashOf(wanted) {
    const hash = new URLSearchParams();
    for (const name of ['status', 'style']) if (wanted[name].size) hash.set(name, [...wanted[name]].join(','));
    if (wanted.q) hash.set('q', wanted.q);
    return hash.toString();
  }

  function readHash() {
    const hash = new URLSearchParams(location.hash.slice(1));
    for (const name of ['status', 'style']) state[name] = new Set((hash.get(name) ?? '').split(',').filter(Boolean));
    state.q = hash.get('q') ?? '';
    if (byId('search').value.trim() !== state.q) byId('search').value = state.q;
    filter();
  }

  function keepState() {
    const hash = hashOf(state);
    history.replaceState(null, '', hash ? `#${hash}` : location.pathname + location.search);
    filter();
  }

  function showChips(id, name, counts, values) {
    if (values.length < 2) return;
    for (const value of values) {
      const chip = make('button', name === 'status' ? `dot ${value}` : '', value);
      chip.type = 'button';
      chip.append(make('i', '', number(counts.get(value))));
      chip.addEventListener('click', () => {
        if (!state[name].delete(value)) state[name].add(value);
        keepState();
      });
      chip.dataset.value = value;
      byId(id).append(chip);
    }
  }

  function filter() {
    const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    shown = items.filter(item => (!state.status.size || state.status.has(item.status))
      && (!state.style.size || state.style.has(item.style))
      && words.every(word => item.words.includes(word)));
    for (const [id, name] of [['statuses', 'status'], ['styles', 'style']])
      for (const chip of byId(id).children) chip.setAttribute('aria-pressed', state[name].has(chip.dataset.value));
    byId('count').textContent = shown.length === items.length ? plural(items.length, 'request') : `${number(shown.length)} of ${plural(items.length, 'request')}`;
    active = 0;
    for (const cell of cells.values()) cell.remove();
    cells.clear();
    layOut();
  }

  // ---- Gallery: only the cards in view are in the document, however many there are

  const gallery = byId('gallery');
  const cells = new Map();
  const space = 14;
  let active = 0, columns = 1, cardWidth = 0, cardHeight = 0, wide = 0, asked = 0;

  function layOut() {
    wide = gallery.clientWidth;
    columns = Math.max(1, Math.floor((wide + space) / ((wide < 640 ? 150 : 200) + space)));
    cardWidth = (wide - space * (columns - 1)) / columns;
    cardHeight = Math.round(cardWidth * 1.15) + 86;
    const rows = Math.ceil(shown.length / columns);
    gallery.style.height = `${Math.max(0, rows * (cardHeight + space) - space)}px`;
    for (const [index, cell] of cells) position(cell, index);
    render();
  }

  function position(cell, index) {
    cell.style.width = `${cardWidth}px`;
    cell.style.height = `${cardHeight}px`;
    cell.style.transform = `translate(${index % columns * (cardWidth + space)}px, ${Math.floor(index / columns) * (cardHeight + space)}px)`;
  }

  function render() {
    asked = 0;
    const top = gallery.getBoundingClientRect().top, row = cardHeight + space;
    const first = Math.max(0, Math.floor((-top - innerHeight / 2) / row)) * columns;
    const end = Math.min(shown.length, Math.max(0, Math.ceil((-top + innerHeight * 1.5) / row)) * columns);
    const focused = [...cells].find(([, cell]) => cell.contains(document.activeElement))?.[0];
    for (const [index, cell] of cells) {
      if ((index < first || index >= end) && index !== focused && index !== active) {
        cell.remove();
        cells.delete(index);
      }
    }
    for (let index = first; index < end; index++) if (!cells.has(index)) add(index);
    if (shown.length && !cells.has(active)) add(active);
  }

  function later() {
    asked ||= requestAnimationFrame(render);
  }

  function add(index) {
    const cell = make('div', 'cell');
    cell.setAttribute('role', 'listitem');
    cell.setAttribute('aria-posinset', index + 1);
    cell.setAttribute('aria-setsize', shown.length);
    cell.append(cardOf(shown[index], index));
    position(cell, index);
    // In the order of the list, which is what a screen reader goes by.
    const following = [...cells.keys()].filter(other => other > index).reduce((a, b) => Math.min(a, b), Infinity);
    gallery.insertBefore(cell, cells.get(following) ?? null);
    cells.set(index, cell);
  }

  function cardOf(item, index) {
    const card = make('button', `card ${item.status}`);
    card.type = 'button';
    card.tabIndex = index === active ? 0 : -1;
    card.setAttribute('aria-label', `${item.prompt}. ${item.status}${item.style ? `, ${item.style}` : ''}${item.error ? `. ${item.error}` : ''}`);
    const shots = make('div', 'shots');
    for (const file of item.files) shots.append(createImage(file, true));
    if (!item.files.length) shots.append(blank(item.code ?? item.status, item.error));
    const text = make('div', 'text');
    text.append(make('div', 'line', item.prompt || item.id || ''));
    const under = make('div', 'under dot');
    under.append(make('span', '', [item.status === 'Saved' ? '' : item.status, item.style, item.seed && `seed ${item.seed}`, item.row].filter(Boolean).join(' · ')));
    text.append(under);
    card.append(shots, text);
    card.addEventListener('click', () => open(index));
    card.addEventListener('focus', () => activate(index));
    return card;
  }

  function blank(title, why) {
    const box = make('div', 'blank');
    box.append(make('b', '', title));
    if (why) box.append(make('span', '', why));
    return box;
  }

  function createImage(file, isSmall) {
    const image = make('img');
    image.alt = '';
    image.decoding = 'async';
    if (isSmall) image.loading = 'lazy';
    image.draggable = false;
    image.addEventListener('error', () => image.replaceWith(blank('Not found', file.name)));
    image.src = file.src;
    return image;
  }

  function activate(index) {
    const before = cells.get(active);
    if (before) before.firstChild.tabIndex = -1;
    active = index;
    const cell = cells.get(index);
    if (cell) cell.firstChild.tabIndex = 0;
  }

  function reveal(index) {
    activate(Math.max(0, Math.min(shown.length - 1, index)));
    if (!cells.has(active)) add(active);
    const cell = cells.get(active);
    cell.firstChild.tabIndex = 0;
    cell.firstChild.focus({ preventScroll: true });
    const bar = getComputedStyle(byId('filters')).position === 'sticky' ? byId('filters').offsetHeight : 0;
    const box = cell.getBoundingClientRect();
    if (box.top < bar + space) scrollBy(0, box.top - bar - space);
    else if (box.bottom > innerHeight - space) scrollBy(0, box.bottom - innerHeight + space);
    render();
  }

  gallery.addEventListener('keydown', event => {
    const page = Math.max(1, Math.floor(innerHeight / (cardHeight + space))) * columns;
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, PageDown: page, PageUp: -page,
      Home: -shown.length, End: shown.length }[event.key];
    if (by === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    reveal(active + by);
  });

  // ---- One request

  const detail = byId('detail');
  let opened = 0;

  function open(index) {
    opened = index;
    const item = shown[index];
    byId('position').textContent = `${number(index + 1)} of ${number(shown.length)}`;
    byId('previous').disabled = index === 0;
    byId('next').disabled = index === shown.length - 1;
    byId('images').replaceChildren(...item.files.map(file => {
      const link = make('a');
      link.href = file.src;
      link.setAttribute('aria-label', `Open ${file.name}`);
      link.append(createImage(file, false));
      return link;
    }));
    byId('detail-prompt').textContent = item.prompt || item.id || 'A request';
    byId('detail-error').textContent = item.error ? `${item.code ? `${item.code}: ` : ''}${item.error}` : '';
    const facts = [];
    const put = (name, value, isWide) => {
      if (value === undefined || value === '') return;
      const box = make('div', isWide ? 'wide' : '');
      box.append(make('dt', '', name), make('dd', '', value));
      facts.push(box);
    };
    const time = at => at === undefined ? undefined : day.format(at);
    put('Status', item.status);
    put('Style', item.style);
    put('Seed', item.seed);
    put('Id', item.id);
    put('Row', item.row);
    put('Submitted', time(item.submitted));
    put('Ready', time(item.generated));
    put('Ended', time(item.ended));
    put('Links expire', time(item.expires));
    put('Generation took', item.seconds === undefined ? undefined : duration(item.seconds * 1000));
    put('Submissions', item.attempts > 1 ? number(item.attempts) : undefined);
    for (const name in item.parameters) put(name, item.parameters[name], name === 'negative_prompt');
    for (const file of item.files) put(`${file.format}, ${file.width} × ${file.height}, ${size(file.length)}${file.filtered ? ', filtered' : ''}`, file.name, true);
    byId('facts').replaceChildren(...facts);
    if (!detail.open) detail.showModal();
    detail.scrollTop = 0;
  }

  function step(by) {
    if (opened + by >= 0 && opened + by < shown.length) open(opened + by);
  }

  byId('previous').addEventListener('click', () => step(-1));
  byId('next').addEventListener('click', () => step(1));
  byId('close').addEventListener('click', () => detail.close());
  detail.addEventListener('click', event => event.target === detail && detail.close());
  detail.addEventListener('keydown', event => {
    if (event.key === 'ArrowLeft') step(-1);
    if (event.key === 'ArrowRight') step(1);
  });
  detail.addEventListener('close', () => reveal(opened));

  // ---- Begin

  showTotals();
  showTimeline();
  showFailures();
  showChips('statuses', 'status', byStatus, order.filter(status => byStatus.has(status)));
  showChips('styles', 'style', byStyle, [...byStyle.keys()].sort());
  readHash();
  byId('search').addEventListener('input', () => {
    state.q = byId('search').value.trim();
    keepState();
  });
  addEventListener('hashchange', readHash);
  addEventListener('scroll', later, { passive: true });
  new ResizeObserver(() => {
    if (gallery.clientWidth === wide) return later();
    showTimeline();
    layOut();
  }).observe(document.body);
})();
