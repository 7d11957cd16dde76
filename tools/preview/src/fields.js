// Field options and transformations, by @grafana/data's own code.

import {
  FieldConfigOptionsRegistry,
  applyFieldOverrides,
  booleanOverrideProcessor,
  cacheFieldDisplayNames,
  dataLinksOverrideProcessor,
  displayNameOverrideProcessor,
  identityOverrideProcessor,
  locationUtil,
  numberOverrideProcessor,
  standardTransformers,
  standardTransformersRegistry,
  stringOverrideProcessor,
  thresholdsOverrideProcessor,
  transformDataFrame,
  unitOverrideProcessor,
  valueMappingsOverrideProcessor,
} from '@grafana/data';
import { lastValueFrom } from 'rxjs';

const STANDARD = {
  displayName: displayNameOverrideProcessor,
  unit: unitOverrideProcessor,
  min: numberOverrideProcessor,
  max: numberOverrideProcessor,
  decimals: numberOverrideProcessor,
  fieldMinMax: booleanOverrideProcessor,
  noValue: stringOverrideProcessor,
  color: identityOverrideProcessor,
  thresholds: thresholdsOverrideProcessor,
  mappings: valueMappingsOverrideProcessor,
  links: dataLinksOverrideProcessor,
  filterable: booleanOverrideProcessor,
  description: stringOverrideProcessor,
};

/** Prepare what @grafana/data expects an application to have prepared. */
export function prepare() {
  // One of them is listed under two names.
  const transformers = [...new Set(Object.values(standardTransformers))];
  standardTransformersRegistry.setInit(() =>
    transformers.map((transformer) => ({
      id: transformer.id,
      name: transformer.name,
      transformation: () => Promise.resolve(transformer),
    }))
  );
  locationUtil.initialize({
    config: { appSubUrl: '' },
    getVariablesUrlParams: () => ({}),
    getTimeRangeForUrl: () => ({}),
  });
}

/** Frames as the panel shows them: transformed, then with defaults and overrides applied. */
export async function configured(panel, data, theme, replaceVariables) {
  const steps = (panel.transformations ?? []).filter((step) => !step.disabled);
  const unknown = steps.find((step) => !standardTransformersRegistry.getIfExists(step.id));
  if (unknown) {
    throw new Error(`transformation ${unknown.id}`);
  }
  const shaped = await lastValueFrom(
    transformDataFrame(steps, data, { interpolate: (text) => replaceVariables(text) })
  );
  const fieldConfig = source(panel);
  const finished = applyFieldOverrides({
    data: shaped,
    fieldConfig,
    replaceVariables,
    theme,
    timeZone: 'browser',
    fieldConfigRegistry: registry(fieldConfig),
  });
  cacheFieldDisplayNames(finished); // tables read names from this cache only
  return finished;
}

/** The panel's field options; JSON has no minus infinity, which the lowest threshold starts at. */
export function source(panel) {
  const copy = structuredClone(panel.fieldConfig ?? {});
  const found = { defaults: copy.defaults ?? {}, overrides: copy.overrides ?? [] };
  const everywhere = [
    found.defaults.thresholds,
    ...found.overrides.flatMap((rule) =>
      rule.properties.filter(({ id }) => id === 'thresholds').map(({ value }) => value)
    ),
  ];
  for (const thresholds of everywhere.filter(Boolean)) {
    if (thresholds.steps?.length) {
      thresholds.steps[0].value = -Infinity;
    }
  }
  return found;
}

// A panel's own options are known to its plugin, which is part of the application: here they are
// taken over as they stand.
function registry({ defaults, overrides }) {
  const custom = new Set(Object.keys(defaults.custom ?? {}));
  for (const { id } of overrides.flatMap((rule) => rule.properties)) {
    if (id.startsWith('custom.')) {
      custom.add(id.slice('custom.'.length));
    }
  }
  const item = (id, path, process, isCustom) => ({
    id,
    path,
    name: id,
    process,
    isCustom,
    shouldApply: () => true,
  });
  return new FieldConfigOptionsRegistry(() => [
    ...Object.entries(STANDARD).map(([id, process]) => item(id, id, process, false)),
    ...[...custom].map((id) => item(`custom.${id}`, id, identityOverrideProcessor, true)),
  ]);
}
