// Draws one dashboard: the JSON, and the answers to its queries, come from the page that loads this.

import { createTheme, dateTime, setTimeZoneResolver } from '@grafana/data';
import { GlobalStyles, PanelChrome, PortalContainer, ThemeContext } from '@grafana/ui';
import { createRoot } from 'react-dom/client';

import { configured, prepare, source } from './fields.js';
import { frames } from './frames.js';
import { PANELS } from './panels.jsx';

// The constants of @grafana/scenes' grid: 24 columns, rows of 30 pixels, 8 pixels between.
const COLUMNS = 24;
const ROW = 30;
const GAP = 8;
const MARGIN = 16;

const theme = createTheme({ colors: { mode: 'dark' } });

/** Replace `$name`, `${name}` and `${name:format}` by what the dashboard's variables hold. */
function replacer(variables) {
  return (text, scoped = {}) =>
    String(text ?? '').replace(/\$(\w+)|\$\{(\w+)(?:[.:][^}]*)?\}/g, (whole, plain, braced) => {
      const name = plain ?? braced;
      return scoped[name]?.text ?? variables[name] ?? whole;
    });
}

async function filled(panel, { answers, variables, from, to }) {
  const replaceVariables = replacer(variables);
  const raw = frames(panel.targets ?? [], answers[panel.id] ?? {});
  return {
    panel,
    replaceVariables,
    theme,
    fieldConfig: source(panel),
    data: await configured(panel, raw, theme, replaceVariables),
    timeRange: { from: dateTime(from), to: dateTime(to), raw: { from: 'now-6h', to: 'now' } },
  };
}

function box({ x, y, w, h }, columnWidth) {
  return {
    position: 'absolute',
    left: MARGIN + x * (columnWidth + GAP),
    top: MARGIN + y * (ROW + GAP),
    width: w * columnWidth + (w - 1) * GAP,
    height: h * ROW + (h - 1) * GAP,
  };
}

function Panel({ content, place }) {
  const { panel, replaceVariables } = content;
  const Draw = PANELS[panel.type];
  return (
    <div style={place}>
      <PanelChrome
        width={place.width}
        height={place.height}
        title={replaceVariables(panel.title)}
        description={panel.description}
        hoverHeader={!panel.title}
        displayMode={panel.transparent ? 'transparent' : 'default'}
      >
        {(width, height) =>
          Draw ? (
            <Draw {...content} width={width} height={height} />
          ) : (
            <div style={{ color: theme.colors.text.disabled }}>not drawn: {panel.type}</div>
          )
        }
      </PanelChrome>
    </div>
  );
}

function Row({ panel, place }) {
  return <h2 style={{ ...place, fontSize: 18, margin: 0 }}>{panel.title}</h2>;
}

function Dashboard({ contents }) {
  const columnWidth = (window.innerWidth - 2 * MARGIN - GAP * (COLUMNS - 1)) / COLUMNS;
  return contents.map((content) => {
    const { panel } = content;
    const place = box(panel.gridPos, columnWidth);
    return panel.type === 'row' ? (
      <Row key={panel.id} panel={panel} place={place} />
    ) : (
      <Panel key={panel.id} content={content} place={place} />
    );
  });
}

/** Rows keep the panels that they hide to themselves; opened rows are followed by theirs. */
function visible(panels) {
  return panels.filter((panel) => panel.gridPos);
}

async function main() {
  window.__grafana_public_path__ = '/public/';
  setTimeZoneResolver(() => 'browser');
  prepare();
  const answer = await fetch(`/data/${new URLSearchParams(location.search).get('data')}.json`);
  const data = await answer.json();
  const contents = await Promise.all(
    visible(data.dashboard.panels).map((panel) => filled(panel, data))
  );
  document.body.style.background = theme.colors.background.canvas;
  document.documentElement.style.overflow = 'hidden'; // the picture is as large as the screen
  createRoot(document.getElementById('root'), { onUncaughtError: failed }).render(
    <ThemeContext.Provider value={theme}>
      <GlobalStyles />
      <Dashboard contents={contents} />
      <PortalContainer />
    </ThemeContext.Provider>
  );
  await document.fonts.ready;
  // Bars animate for a moment, and icons are fetched one by one.
  setTimeout(() => document.title === 'drawing' && (document.title = 'ready'), 1200);
}

function failed(error) {
  document.title = `failed: ${error.message} ${error.stack?.split('\n', 4).join(' ')}`;
}

main().catch(failed);
