#!/bin/sh
# Registers the search attributes that the worker needs. Arguments go to the Temporal CLI:
#   sh deploy/search-attributes.sh --address host:7233 --namespace default
# An attribute that exists already is left as it is.
set -eu
for attribute in \
	StoreId:Keyword OrderStage:Keyword CaseKind:Keyword CaseStatus:Keyword CarrierCode:Keyword \
	TrackingNumbers:KeywordList NextDeadline:Datetime ExpectedPayoutUsd:Double; do
	temporal operator search-attribute create --name "${attribute%%:*}" --type "${attribute#*:}" "$@"
done
