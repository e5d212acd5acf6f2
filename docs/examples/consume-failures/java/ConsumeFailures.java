// What fails, read from Kafka with nothing of Autoprov: Java 17 or newer, and the jars that pom.xml names.
//
//   mvn dependency:copy-dependencies -DoutputDirectory=lib
//   KAFKA_BROKERS=127.0.0.1:9092 java -cp 'lib/*' ConsumeFailures.java              every change, for ever
//   KAFKA_BROKERS=127.0.0.1:9092 java -cp 'lib/*' ConsumeFailures.java --until-end  what is open now, then end
//
// KAFKA_TOPIC is the topic's name where the installation has a prefix. Each line of the output is one JSON object.
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

public class ConsumeFailures {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> SHOWN =
      List.of("name", "seq", "state", "code", "reason", "app", "user", "title", "detail");
  private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

  /** The newest state of each failure, by its name. Keep it in a database to go on where you ended, not from the start. */
  private static final Map<String, JsonNode> failures = new HashMap<>();

  public static void main(String[] args) throws IOException {
    boolean untilEnd = List.of(args).contains("--until-end");
    String topic = System.getenv().getOrDefault("KAFKA_TOPIC", "autoprov.failures.v1");
    String brokers = System.getenv("KAFKA_BROKERS");
    if (brokers == null) {
      System.err.println("KAFKA_BROKERS is not set: \"npm start\" prints it");
      System.exit(1);
    }
    // Without a group: every run reads from the beginning. A lasting consumer has a group.id and commits.
    Map<String, Object> config = Map.of("bootstrap.servers", brokers, "enable.auto.commit", false);
    try (var consumer = new KafkaConsumer<>(config, new StringDeserializer(), new ByteArrayDeserializer())) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(topic).stream().map(it -> new TopicPartition(topic, it.partition())).toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (!untilEnd || partitions.stream().anyMatch(it -> consumer.position(it) < ends.get(it))) {
        for (ConsumerRecord<String, byte[]> message : consumer.poll(Duration.ofMillis(500))) {
          if (remember(message.key(), message.value()) && !untilEnd) {
            show(typeOf(message), failures.get(message.key()));
          }
        }
      }
    }
    for (JsonNode failure : failures.values()) {
      if (failure.get("state").asText().equals("STATE_OPEN")) show(null, failure);
    }
  }

  /** Whether this is news. Messages come at least once: one that comes again, or late, has no higher seq. */
  private static boolean remember(String name, byte[] value) throws IOException {
    if (value == null) {
      // A tombstone: the failure ended 30 days ago and is forgotten.
      failures.remove(name);
      return false;
    }
    JsonNode failure = JSON.readTree(value);
    JsonNode known = failures.get(name);
    // int64 is a string in proto3 JSON.
    if (known != null && seqOf(failure) <= seqOf(known)) return false;
    failures.put(name, failure);
    return true;
  }

  private static long seqOf(JsonNode failure) {
    return Long.parseLong(failure.get("seq").asText());
  }

  /** For example autoprov.failure.opened.v1, or …retried, …reopened, …resolved, …superseded, …dismissed. */
  private static String typeOf(ConsumerRecord<String, byte[]> message) {
    var header = message.headers().lastHeader("ce_type");
    return header == null ? null : new String(header.value(), StandardCharsets.UTF_8);
  }

  private static void show(String type, JsonNode failure) throws IOException {
    ObjectNode line = JSON.createObjectNode();
    if (type != null) line.put("type", type);
    for (String field : SHOWN) line.set(field, failure.get(field));
    OUT.println(JSON.writeValueAsString(line));
  }
}
