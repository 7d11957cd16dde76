// The panels that can be drawn outside Grafana. Each takes the options of the panel's JSON, hands
// them to the component that Grafana itself uses, and adds nothing that Grafana would not show.

import {
  FieldColorModeId,
  FieldType,
  VizOrientation,
  getDisplayValueAlignmentFactors,
  getFieldDisplayValues,
  renderMarkdown,
} from '@grafana/data';
import {
  BarGauge,
  BigValue,
  DataLinksContextMenu,
  LegendDisplayMode,
  TimeSeries,
  VizRepeater,
} from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';

const NO_DATA = 'No data';

function Stat(props) {
  const { panel, width, height, theme } = props;
  const { options } = panel;
  const values = fieldValues(props, options.graphMode !== 'none');
  return (
    <VizRepeater
      {...{ width, height, source: values, renderCounter: 1, itemSpacing: 3 }}
      orientation={options.orientation ?? VizOrientation.Auto}
      autoGrid
      getValues={() => values}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={({ value, alignmentFactors, width, height, count }) =>
        linked(value, ({ openMenu, targetClassName }) => (
          <BigValue
            onClick={openMenu}
            className={targetClassName}
            {...{ width, height, count, theme, alignmentFactors }}
            value={value.display}
            sparkline={value.sparkline}
            colorMode={options.colorMode}
            graphMode={options.graphMode}
            justifyMode={options.justifyMode}
            textMode={options.textMode}
            wideLayout={options.wideLayout}
            text={options.text}
          />
        ))
      }
    />
  );
}

function Bars(props) {
  const { panel, width, height, theme } = props;
  const { options } = panel;
  const values = fieldValues(props, false);
  const itemSpacing = options.displayMode === 'lcd' ? 2 : 10;
  const sized = options.sizing === 'manual' && options.orientation === VizOrientation.Horizontal;
  const { minVizHeight = 16, maxVizHeight = 300 } = sized ? options : {};
  return (
    <VizRepeater
      {...{ width, height, source: values, renderCounter: 1, itemSpacing, minVizHeight, maxVizHeight }}
      orientation={options.orientation}
      minVizWidth={8}
      getValues={() => values}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={({ value, alignmentFactors, width, height, orientation, count }) =>
        wide(value, ({ openMenu, targetClassName }) => (
          <BarGauge
            onClick={openMenu}
            className={targetClassName}
            {...{ width, height, orientation, theme, itemSpacing }}
            alignmentFactors={count > 1 ? alignmentFactors : undefined}
            value={value.display}
            field={value.field}
            display={value.view?.getFieldDisplayProcessor(value.colIndex)}
            text={options.text}
            displayMode={options.displayMode}
            showUnfilled={options.showUnfilled}
            valueDisplayMode={options.valueMode}
            namePlacement={options.namePlacement}
          />
        ))
      }
    />
  );
}

function fieldValues({ panel, data, theme, fieldConfig, replaceVariables }, sparkline) {
  return getFieldDisplayValues({
    fieldConfig,
    reduceOptions: { calcs: [], ...panel.options.reduceOptions },
    replaceVariables,
    theme,
    data,
    sparkline,
    timeZone: 'browser',
  });
}

// A bar with links needs a wrapper as wide as the panel; Grafana gives it the default display.
function wide(value, draw) {
  return value.hasLinks ? (
    <div style={{ width: '100%', display: 'initial' }}>{linked(value, draw)}</div>
  ) : (
    draw({})
  );
}

// One link makes an anchor of the value, several make a button that opens a menu.
function linked(value, draw) {
  if (!value.hasLinks || !value.getLinks) {
    return draw({});
  }
  return (
    <DataLinksContextMenu style={{ height: '100%' }} links={value.getLinks}>
      {draw}
    </DataLinksContextMenu>
  );
}

function Table({ panel, data, width, height, fieldConfig, timeRange }) {
  if (!data.length || !data.some((frame) => frame.fields.length && frame.length)) {
    return <Empty panel={panel} height={height} />;
  }
  const { options } = panel;
  return (
    <TableNG
      {...{ width, height, fieldConfig, timeRange }}
      data={data[0]}
      noHeader={options.showHeader === false}
      sortBy={options.sortBy}
      cellHeight={options.cellHeight}
      maxRowHeight={options.maxRowHeight}
      enablePagination={options.enablePagination}
      noValue={fieldConfig.defaults.noValue}
      frozenColumns={options.frozenColumns?.left}
      structureRev={1}
    />
  );
}

// What Grafana's own plugin sets where the JSON says nothing.
const CURVE = {
  drawStyle: 'line',
  lineInterpolation: 'linear',
  lineWidth: 1,
  fillOpacity: 0,
  gradientMode: 'none',
  pointSize: 5,
  showPoints: 'auto',
  axisPlacement: 'auto',
};

function Curves({ panel, data, width, height, timeRange }) {
  const drawable = data.filter((frame) => frame.fields.some((f) => f.type === FieldType.number));
  if (!drawable.length) {
    return <Empty panel={panel} height={height} />;
  }
  const curves = drawable.map((frame) => ({ ...frame, fields: frame.fields.map(curve) }));
  const { legend = {} } = panel.options;
  return (
    <TimeSeries
      {...{ width, height, timeRange }}
      frames={curves}
      structureRev={1}
      timeZone="browser"
      legend={{ showLegend: true, displayMode: LegendDisplayMode.List, calcs: [], ...legend }}
      options={{}}
    />
  );
}

function curve(field) {
  const color = field.config.color ?? { mode: FieldColorModeId.PaletteClassic };
  return { ...field, config: { ...field.config, color, custom: { ...CURVE, ...field.config.custom } } };
}

function Text({ panel, height, replaceVariables }) {
  const { content = '', mode } = panel.options;
  const filled = replaceVariables(content);
  const html = mode === 'html' ? filled : renderMarkdown(filled);
  return (
    <div
      className="markdown-html"
      style={{ height, overflow: 'auto' }}
      dangerouslySetInnerHTML={{ __html: html }}
    />
  );
}

/** What Grafana writes where there is nothing to draw. */
export function Empty({ panel, height }) {
  return (
    <div style={{ height, display: 'grid', placeItems: 'center', textAlign: 'center' }}>
      <div style={{ fontSize: 18, color: 'rgba(204, 204, 220, 0.65)' }}>
        {panel.fieldConfig?.defaults?.noValue ?? NO_DATA}
      </div>
    </div>
  );
}

export const PANELS = {
  stat: Stat,
  bargauge: Bars,
  table: Table,
  timeseries: Curves,
  text: Text,
};
