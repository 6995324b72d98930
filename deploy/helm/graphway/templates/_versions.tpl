{{/* Refuses a Kubernetes that is too old. One built from source may say 0.0.0: nobody knows how old that is. */}}
{{- define "graphway.checkVersions" -}}
{{- $version := regexFind "^v?[0-9]+[.][0-9]+([.][0-9]+)?" .Capabilities.KubeVersion.Version -}}
{{- if semverCompare ">=1.0.0 <1.31.0" $version -}}
{{- fail (printf "Graphway needs Kubernetes 1.31 or newer, and this is %s (without a cluster: helm template --kube-version)" $version) -}}
{{- end -}}
{{- end -}}
