{{/*
Paths of given values that mean nothing here, each on a line. `known` says what does: a map has keys, anything else is as
the user likes.
*/}}
{{- define "graphway.unknown" -}}
{{- $known := .known -}}
{{- $prefix := .prefix -}}
{{- range $key, $value := .values -}}
{{- if not (hasKey $known $key) }}
  {{ $prefix }}{{ $key }}
{{- else if and (kindIs "map" $value) (kindIs "map" (get $known $key)) -}}
{{- include "graphway.unknown" (dict "values" $value "known" (get $known $key) "prefix" (printf "%s%s." $prefix $key)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
