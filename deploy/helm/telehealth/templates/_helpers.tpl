{{- define "telehealth.labels" -}}
{{ include "telehealth.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "telehealth.selector" -}}
app.kubernetes.io/name: telehealth
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "telehealth.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/* What must hold between values; the schema sees one at a time. */}}
{{- define "telehealth.check" -}}
{{- if and (or .Values.autoscaling.enabled (gt (int .Values.replicas) 1)) (not (and .Values.cluster.enabled .Values.keys.existingSecret)) -}}
{{- fail "more than one server needs cluster.enabled and keys.existingSecret: otherwise each signs with keys of its own" -}}
{{- end -}}
{{- if and .Values.cluster.enabled (not (and .Values.cluster.redisSecret .Values.cluster.nodeSecret)) -}}
{{- fail "cluster.enabled needs cluster.redisSecret with the key \"urls\" and cluster.nodeSecret with the key \"secret\"" -}}
{{- end -}}
{{- if and .Values.cluster.edge.enabled (not (and .Values.cluster.enabled .Values.cluster.region)) -}}
{{- fail "cluster.edge.enabled needs cluster.enabled and cluster.region: an edge forwards to servers of other regions" -}}
{{- end -}}
{{- $servers := int .Values.replicas -}}
{{- if .Values.autoscaling.enabled }}{{ $servers = max $servers (int .Values.autoscaling.max) }}{{ end -}}
{{- if and .Values.cluster.edge.enabled (lt (len .Values.cluster.edge.advertise) (int $servers)) -}}
{{- fail "cluster.edge.advertise needs an address for each server that there may be: the edge of each is reached by its own" -}}
{{- end -}}
{{- if and .Values.objects.enabled (not .Values.objects.existingSecret) -}}
{{- fail "objects.enabled needs objects.existingSecret with the keys \"id\" and \"secret\"" -}}
{{- end -}}
{{- end }}

{{/* The configuration of the server .node. */}}
{{- define "telehealth.config" -}}
data_dir = "/data"
web_dir = "/usr/share/telehealth/web"

[http]
bind = "0.0.0.0:{{ .Values.ports.http }}"
ops_bind = "0.0.0.0:{{ .Values.ports.ops }}"
behind_proxy = true
public_url = "https://{{ .Values.site.host }}"

[store]
url_file = "/run/secrets/store/{{ .Values.store.key }}"
{{- with .Values.store.replicasKey }}
replicas_file = "/run/secrets/store/{{ . }}"
replica_lag_s_max = {{ $.Values.store.replicaLagSeconds }}
{{- end }}

[sfu]
udp_port = {{ .Values.media.udpPort }}
shards = {{ .Values.media.shards }}
tcp_port = {{ .Values.media.tcpPort }}
advertise = {{ .Values.media.advertise | toJson }}
{{- if .Values.objects.enabled }}

[recordings.objects]
bucket = {{ .Values.objects.bucket | quote }}
region = {{ .Values.objects.region | quote }}
{{- with .Values.objects.endpoint }}
endpoint = {{ . | quote }}
{{- end }}
access_key_file = "/run/secrets/objects/id"
secret_key_file = "/run/secrets/objects/secret"
{{- end }}

[log]
format = "json"
{{- if .Values.cluster.enabled }}

[cluster]
node = "{{ .node }}"
bind = "0.0.0.0:{{ .Values.cluster.port }}"
address = "{{ .node }}.{{ .Release.Name }}-servers.{{ .Release.Namespace }}.svc:{{ .Values.cluster.port }}"
redis_urls_file = "/run/secrets/redis/urls"
{{- with .Values.cluster.redis }}
redis.kind = {{ .kind | quote }}
{{- with .master }}
redis.master = {{ . | quote }}
{{- end }}
{{- with .user }}
redis.user = {{ . | quote }}
{{- end }}
{{- with .passwordKey }}
redis.password_file = "/run/secrets/redis/{{ . }}"
{{- end }}
{{- with .caKey }}
redis.ca_file = "/run/secrets/redis/{{ . }}"
{{- end }}
{{- if .clientSecret }}
redis.cert_file = "/run/secrets/redis-client/tls.crt"
redis.key_file = "/run/secrets/redis-client/tls.key"
{{- end }}
{{- end }}
secret_file = "/run/secrets/cluster/secret"
{{- with .Values.cluster.region }}
region = {{ . | quote }}
{{- end }}
{{- if .Values.cluster.edge.enabled }}

[cluster.edge]
udp_port = {{ .Values.cluster.edge.udpPort }}
advertise = {{ list (index .Values.cluster.edge.advertise (int .number)) | toJson }}
{{- end }}
{{- end }}
{{- with .Values.extraConfig }}

{{ . }}
{{- end }}
{{- end }}
