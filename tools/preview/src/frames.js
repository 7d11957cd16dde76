// What Grafana's Prometheus data source makes of Prometheus' answers: data frames.
// Names and columns follow Grafana's own code (pkg/promlib/querydata and @grafana/prometheus,
// result_transformer.ts), because titles, overrides and transformations refer to them.

import { FieldType, toDataFrame } from '@grafana/data';

/** Frames of all targets of a panel, in the order of its targets. */
export function frames(targets, answers) {
  const shown = targets.filter((target) => !target.hide && answers[target.refId]);
  const tables = shown.filter((target) => target.format === 'table');
  return shown.flatMap((target) => {
    const { result } = answers[target.refId];
    if (target.format !== 'table') {
      return result.map((series) => seriesFrame(series, target));
    }
    return result.length ? [tableFrame(result, target, tables.length > 1)] : [];
  });
}

function seriesFrame(series, target) {
  const points = series.values ?? [series.value];
  const name = legend(series.metric, target);
  return toDataFrame({
    refId: target.refId,
    name,
    fields: [
      { name: 'Time', type: FieldType.time, values: points.map(([time]) => time * 1000) },
      {
        name: 'Value',
        type: FieldType.number,
        labels: labels(series.metric),
        values: points.map(([, value]) => number(value)),
        config: name ? { displayNameFromDS: name } : {},
      },
    ],
  });
}

function tableFrame(result, target, several) {
  const rows = result.flatMap(({ metric, value, values }) =>
    (values ?? [value]).map(([time, text]) => ({ metric, time: time * 1000, value: number(text) }))
  );
  const names = [];
  for (const { metric } of result) {
    names.push(...Object.keys(metric).sort().filter((name) => !names.includes(name)));
  }
  return toDataFrame({
    refId: target.refId,
    fields: [
      { name: 'Time', type: FieldType.time, values: rows.map((row) => row.time) },
      ...names.map((name) => ({
        name,
        type: FieldType.string,
        config: { filterable: true },
        values: rows.map((row) => row.metric[name] ?? ''),
      })),
      {
        name: several ? `Value #${target.refId}` : 'Value',
        type: FieldType.number,
        values: rows.map((row) => row.value),
      },
    ],
  });
}

function legend(metric, target) {
  const form = target.legendFormat;
  if (form === '__auto') {
    return Object.keys(metric).length ? '' : target.expr;
  }
  const text = form
    ? form.replace(/\{\{\s*(.+?)\s*\}\}/g, (_, name) => metric[name] ?? '')
    : described(metric);
  return text === '{}' ? target.expr : text;
}

function described({ __name__: name = '', ...rest }) {
  const pairs = Object.entries(rest).map(([label, value]) => `${label}="${value}"`);
  return `${name}{${pairs.join(', ')}}`;
}

function labels({ __name__: _, ...rest }) {
  return rest;
}

function number(text) {
  const named = { '+Inf': Infinity, '-Inf': -Infinity, NaN };
  return named[text] ?? Number(text);
}
